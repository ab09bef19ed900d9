"""What a batch asks of the database: the statements that `load` runs, locks first."""

from __future__ import annotations

from gongji.foundation.planning import by_key, looked_up
from gongji.ledger.tables import STANDS
from gongji.settlement import quota_store, stay_store
from gongji.settlement.holds import store
from gongji.settlement.locks import Locking
from gongji.settlement.rows import READ

#: Persons as a set: bucket and id, so that each row is found by its primary key.
_PEOPLE = "(SELECT (p.id & 1023)::smallint AS bucket, p.id FROM unnest(%(patients)b::bigint[]) AS p(id))"

#: What is filed for a person (`a`) and was not withdrawn, of the days about the present one: a stay may be settled later.
_FILINGS = f"""
(SELECT json_agg(json_build_array(f.kind, f.subject, f.word, f.institution_id, f.state, lower(f.during),
                                  upper(f.during) - 1) ORDER BY f.id)::text
   FROM filing f
  WHERE f.bucket = a.bucket{{near}} AND {by_key("f.person_id", "a.id")} AND f.state <> 'withdrawn'
    AND f.during && daterange(%(today)s::date - 366, %(today)s::date, '[]'))"""

#: The last column says how many wallet quotas relatives have given the person.
LOCK_PATIENTS = Locking(
    "SELECT id FROM unnest(%(patients)b::bigint[]) AS p(id)",
    "person",
    f"a.id, a.born_on, a.died_on, {_FILINGS}, a.quotas",
)


def _known(*, apart: bool) -> str:
    key = "m.institution_id = k.institution_id AND m.infno = k.infno AND m.msgid = k.msgid"
    if not apart:
        key += " AND m.institution_id = ANY(%(institutions)b::integer[])"
    return f"""
SELECT m.institution_id, m.infno, m.msgid, m.request_digest, m.outcome_id
  FROM unnest(%(institutions)b::integer[], %(infnos)b::text[], %(msgids)b::text[]) AS k(institution_id, infno, msgid)
       {looked_up("message", "m", key, apart=apart)}
"""


#: What became of these messages before.
KNOWN = _known(apart=True)

#: Settlements that were asked for before, or are to be taken back, what second transactions paid of their cash, and whether
#: they were taken back.
SETTLED = f"""
SELECT {", ".join(READ)}, t.paid, r.undo
  FROM unnest(%(wanted)b::bigint[]) AS k(id)
  JOIN settlement s ON s.bucket = (k.id & 1023) AND s.id = k.id
  LEFT JOIN reversal r ON r.bucket = s.bucket AND r.journal_id = s.id AND {STANDS}
  LEFT JOIN second_total t ON t.bucket = s.bucket AND t.settlement_id = s.id
"""


def _visits(*, apart: bool) -> str:
    lines = "f.bucket = v.bucket AND f.visit_id = v.id AND f.settlement_id IS NULL"
    return f"""
SELECT v.id, v.person_id, v.institution_id, v.med_type, v.state = 'open', f.batch,
       sum(f.total)::bigint, sum(f.self_paid)::bigint, sum(f.over_limit)::bigint,
       sum(f.first_self_pay)::bigint, sum(f.in_scope)::bigint,
       coalesce(v.details ->> 'dise_codg', ''),
       min(i.tier),
       bool_and(coalesce((f.item ->> 'essential_drug')::boolean, false))
  FROM unnest(%(visits)b::bigint[]) AS k(id)
       {looked_up("visit", "v", "v.bucket = (k.id & 1023) AND v.id = k.id", apart=apart)}
       {looked_up("fee_line", "f", lines, apart=apart, left=True)}
  LEFT JOIN institution i ON i.code = v.details ->> 'rxfixmedinsCode'
 GROUP BY v.bucket, v.id, v.person_id, v.institution_id, v.med_type, v.state, v.details, f.batch
"""


VISITS = _visits(apart=True)


def _near(table: str, whose: str, *, apart: bool) -> str:
    """The condition by which a question to several nodes goes to those alone on which somebody's rows lie."""
    return "" if apart else f" AND {table}.bucket = ANY(%({whose}_buckets)b::smallint[])"


def _authorisations(*, apart: bool) -> str:
    mine = f"a.bucket = k.bucket{_near('a', 'patients', apart=apart)} AND {by_key('a.user_id', 'k.id')}"
    of_periods = """u.bucket = a.bucket AND u.authorisation_id = a.id
       AND (u.period = ANY(%(periods)b::text[]) OR a.user_id = ANY(%(reversed_patients)b::bigint[]))"""
    return f"""
SELECT a.id, a.user_id, a.sharer_id, a.region, a.relation, a.procedure, a.state, a.exclusive, a.purposes,
       a.limit_total, a.limit_month, a.rank, lower(a.in_force), upper(a.in_force), a.end_reason, a.made_at,
       a.kept, u.period, u.used
  FROM {_PEOPLE} AS k
       {looked_up("authorisation", "a", mine, apart=apart)}
       {looked_up("authorisation_usage", "u", of_periods, apart=apart, left=True)}
 WHERE a.in_force IS NOT NULL AND (upper_inf(a.in_force) OR a.user_id = ANY(%(reversed_patients)b::bigint[]))
 ORDER BY a.rank, lower(a.in_force), a.id
"""


#: One row an authorisation and a period of its use; ended ones only where a reversal may have to give usage back.
AUTHORISATIONS = _authorisations(apart=True)


def _sharers() -> str:
    mine = f"a.bucket = k.bucket AND {by_key('a.user_id', 'k.id')}"
    return f"""
SELECT a.sharer_id AS id
  FROM {_PEOPLE} AS k {looked_up("authorisation", "a", mine, apart=True)}
 WHERE upper_inf(a.in_force)
"""


def _insured(*, apart: bool) -> str:
    """Patients and their sharers; over several nodes the authorisations have been read by then."""
    if not apart:
        return "(SELECT id FROM unnest(%(insured)b::bigint[]) AS i(id))"
    return f"(SELECT id FROM unnest(%(patients)b::bigint[]) AS p(id) UNION {_sharers()})"


_ENROLMENT = """e.scheme, e.region, e.status, e.psn_type, e.standing, e.employer, e.civil_servant, lower(e.during),
       upper(e.during), e.aided, e.second_grade, e.covered_since, e.late, e.missed_years, e.repaid_years"""

STAYS = stay_store.STAYS.format(enrolment=_ENROLMENT)

DEPOSITS = stay_store.deposits(store.HOLD_COLUMNS)


def _enrolments(*, apart: bool) -> str:
    theirs = (
        f"e.bucket = (k.id & 1023)::smallint{_near('e', 'insured', apart=apart)} AND {by_key('e.person_id', 'k.id')}"
    )
    return f"""
SELECT e.person_id, {_ENROLMENT}
  FROM {_insured(apart=apart)} AS k
       {looked_up("enrolment", "e", theirs, apart=apart)}
 WHERE lower(e.during) <= %(today)s::date AND (upper_inf(e.during) OR upper(e.during) > %(today)s::date)
"""


ENROLMENTS = _enrolments(apart=True)


def _own_accounts(*, apart: bool) -> str:
    return f"""
SELECT ((w.id >> 10) << 18) | (kind << 10) | (w.id & 1023) AS id
  FROM {_insured(apart=apart)} AS w,
       unnest(ARRAY[1, 2]) AS kind
 UNION ALL
SELECT ((p.id >> 10) << 18) | (5 << 10) | (p.id & 1023) FROM unnest(%(patients)b::bigint[]) AS p(id)
"""


#: What returning money may touch: the accounts that it left, of a current one (kind 1) also its holder's historical one
#: (kind 2: 1024 more), since a year may have turned, and of a pot (kind 4) both, which guard it; the account that it went to
#: (a hold's, or whom a reversal repaid); what holds name themselves.
def _returning(journals: str) -> str:
    return f"""
SELECT t.debit + later AS id FROM transfer t, unnest(ARRAY[0, 1024]) AS later
 WHERE t.journal_id IN ({journals}) AND (t.debit >> 10) & 255 <= CASE later WHEN 0 THEN 5 ELSE 1 END
 UNION
SELECT t.debit - guard FROM transfer t, unnest(ARRAY[2048, 3072]) AS guard
 WHERE t.journal_id IN ({journals}) AND (t.debit >> 10) & 255 = 4
 UNION
SELECT t.credit FROM transfer t WHERE t.journal_id IN ({journals}) AND (t.credit >> 10) & 255 <= 5
 UNION
SELECT id FROM unnest(%(hold_accounts)b::bigint[]) AS h(id)
"""


#: The journals whose money a batch may give back.
_JOURNALS = "SELECT id FROM unnest(%(returning)b::bigint[]) AS r(id)"


def _lock_accounts(*more: str) -> Locking:
    wanted, on_nodes = (" UNION ".join((_own_accounts(apart=apart), *more)) for apart in (True, False))
    told = "a.id, a.balance, a.frozen_until >= %(today)s::date"
    return Locking(wanted, "account", told, "a.closed_at IS NULL", wanted_on_nodes=on_nodes)


#: The personal accounts (kinds 1 and 2) of patients and their sharers, and the patients' wallets (kind 5); where there are
#: reversals or holds, theirs too. Of each whether nothing may be paid from it today.
LOCK_ACCOUNTS = _lock_accounts()
LOCK_MORE_ACCOUNTS = _lock_accounts(_returning(_JOURNALS))
LOCK_ACCOUNTS_OF_STAYS = _lock_accounts(_returning(stay_store.JOURNALS))
LOCK_ACCOUNTS_OF_QUOTAS = _lock_accounts(_returning(quota_store.JOURNALS), quota_store.ACCOUNTS)

#: Where the wallets of patients may pay: whether the institution takes the wallet, and whether it lies in the area that the
#: holder chose (a region's first four digits; the first two of a province). Asked only where there is something in a wallet,
#: or relatives let it use something.
WALLETS = """
SELECT o.person_id, i.id,
       EXISTS (SELECT FROM wallet_institution w WHERE w.institution_id = i.id AND w.during @> %(today)s::date),
       i.region LIKE CASE WHEN o.area LIKE '%%0000' THEN left(o.area, 2) ELSE left(o.area, 4) END || '%%'
  FROM unnest(%(people)b::bigint[]) AS k(id)
  JOIN wallet_opening o ON o.bucket = (k.id & 1023)::smallint AND o.person_id = k.id
  JOIN institution i ON i.id = ANY(%(places)b::integer[])
"""


def _counters(*, apart: bool) -> str:
    of_periods = f"""c.bucket = k.bucket{_near("c", "patients", apart=apart)} AND c.person_id = k.id
       AND (c.period = ANY(%(counted)b::text[]) OR c.person_id = ANY(%(reversed_patients)b::bigint[]))"""
    return f"""
SELECT c.person_id, c.counter, c.period, c.value, c.cap
  FROM {_PEOPLE} AS k {looked_up("benefit_counter", "c", of_periods, apart=apart)}
"""


COUNTERS = _counters(apart=True)


#: By which transfers money left that may come back, and, where it left a current account (kind 1) or a pot (kind 4), the
#: last turn of the year that its holder's account has seen.
def _left_by(journals: str) -> str:
    return f"""
SELECT t.journal_id, t.debit, t.credit, t.amount, t.authorisation_id, y.year, y.turned_at
  FROM transfer t
  LEFT JOIN LATERAL (
       SELECT y.year, y.turned_at FROM year_turn y
        WHERE (t.debit >> 10) & 255 IN (1, 4) AND y.bucket = (t.debit & 1023)::smallint
          AND y.person_id = ((t.debit >> 18) << 10 | (t.debit & 1023))
        ORDER BY y.year DESC LIMIT 1
       ) AS y ON true
 WHERE t.journal_id IN ({journals})
 ORDER BY t.journal_id, t.leg
"""


LEFT_BY = _left_by(_JOURNALS)
LEFT_BY_STAYS = _left_by(stay_store.JOURNALS)
LEFT_BY_QUOTAS = _left_by(quota_store.JOURNALS)


#: The same over several nodes, where a transfer cannot be asked for its account's turns: these come by themselves.
def _left_by_alone(journals: str) -> str:
    return f"""
SELECT t.journal_id, t.debit, t.credit, t.amount, t.authorisation_id, NULL, NULL
  FROM transfer t WHERE t.journal_id IN ({journals}) ORDER BY t.journal_id, t.leg
"""


#: What is asked over several nodes in place of a statement. Beside the parameters of one server these take those of
#: `gongji.settlement.load_nodes`.
ALONE = {
    KNOWN: _known(apart=False),
    VISITS: _visits(apart=False),
    AUTHORISATIONS: _authorisations(apart=False),
    COUNTERS: _counters(apart=False),
    ENROLMENTS: _enrolments(apart=False),
}

#: Of these the turns come by themselves.
LEFT_BY_ALONE = {
    LEFT_BY: _left_by_alone(_JOURNALS),
    LEFT_BY_STAYS: _left_by_alone(stay_store.JOURNALS),
    LEFT_BY_QUOTAS: _left_by_alone(quota_store.JOURNALS),
}
