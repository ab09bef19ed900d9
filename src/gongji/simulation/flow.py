"""The way of a claim through a file, in integers alone: its rule found, settled in the order of time.

Whose claim it is, `people` finds in between. Written like the kernel, in integers, indexing and loops, to run as it
stands and compiled (`steps`). A chunk holds whole families; inside it rows may stand in any order.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gongji.benefit.families import (
    CURRENT,
    FIRST_SELF_PAY_PAYABLE,
    POLICY_ONLY,
    SHARES,
    draw_own,
    draw_shared,
)
from gongji.benefit.kernel import PARTS_SIZE, room_for, settle_visit
from gongji.benefit.population import FORM, Matrix, Vector, recall
from gongji.benefit.terms import T_BORNE, T_DEDUCTIBLE
from gongji.rules.layout import (
    AGE,
    CASE_BITS,
    CASES,
    COVERED,
    CUMULATIVE,
    DAYS,
    DEDUCTIBLE_BORNE,
    DISEASE,
    LONGEST_COVER,
    MONTH,
    MOST_LAYERS,
    OLDEST,
    PAID,
    RESULT_SIZE,
    STATUS,
    TIER,
)
from gongji.rules.vocabulary import CareKind, Late, OffSite, Scheme

# What becomes of a claim. Up to `OFFSITE_UNKNOWN` it is assessed; beyond, it is rejected.
PAYS: Final = 0
NO_RULE: Final = 1
NO_PRESCRIPTION: Final = 2
WAITING: Final = 3
OFFSITE_UNKNOWN: Final = 4
NOT_INSURED: Final = 5
TIER_NEEDED: Final = 6
AGE_NEEDED: Final = 7
MONTHS_NEEDED: Final = 8
DISEASE_NEEDED: Final = 9
BALANCE_DIFFERS: Final = 10
UNREADABLE: Final = 11

# What a rule asks about a claim, as bits.
NEEDS_TIER: Final = 1
NEEDS_AGE: Final = 2
NEEDS_MONTHS: Final = 4
NEEDS_DISEASE: Final = 8
NEEDS_PRESCRIPTION: Final = 16

# Who waits, of each rule: months by what made somebody late, then what a gap of several years adds (`rules.waiting`).
LATE_PLACES: Final = {late: place for place, late in enumerate(Late)}
INTERRUPTED: Final = LATE_PLACES[Late.INTERRUPTED]
FURTHER_YEAR: Final = len(LATE_PLACES)
REPAID_YEAR: Final = FURTHER_YEAR + 1
LONG_GAP: Final = FURTHER_YEAR + 2
LONG_GAP_LEAST: Final = FURTHER_YEAR + 3
WAITING_SIZE: Final = FURTHER_YEAR + 4

#: No rule, no sharer, no state, no more of them.
NONE: Final = -1

#: Days from 1970 to the first day that a file may have, and to the day after the last.
FIRST_DAY: Final = 10_957
END_DAY: Final = 47_482

SCHEME_COUNT: Final = len(Scheme)
KIND_COUNT: Final = len(CareKind)
OFFSITE_BITS: Final = sum(CASE_BITS.get(str(way), 0) for way in OffSite)


class Claims(NamedTuple):
    """A chunk's claims, column by column; amounts are fen, `NONE` stands for what is not told.

    `place` is the region, scheme and kind (`plan`), `day` counts from 1970, `word` is the disease among all diseases of
    the plan, `prescriber` the tier of the hospital whose prescription a pharmacy
    fills, `late` what made somebody late (`LATE_PLACES`). `visits` has one row for each place of a visit (`layout`); of
    these, `find_rules` fills in month and disease.
    """

    family: Vector
    person: Vector
    sharer: Vector
    place: Vector
    day: Vector
    word: Vector
    prescriber: Vector
    late: Vector
    missed_years: Vector
    repaid_years: Vector
    visits: Matrix
    total: Vector
    first_self_pay: Vector
    in_scope: Vector


class Rules(NamedTuple):
    """The rules as tables; made by `plan`.

    `benefit` and `terms` hold, for each place, where its stretches of days begin and end in `benefit_days` and
    `sharing_days`; `benefit_rules` and `sharing_rows` say which rule, and which row of `sharing`, holds in each.
    `states` is what a place's counters are kept under, one for each pooling region and scheme.

    Of each rule: its row and the steps of its cells; what it `needs`; which ways of being treated elsewhere it
    `speaks_of`; who waits how long; which diseases it names and their places in a visit, by word, with the answer for no word behind; the
    fund of each layer (0 pooled, 1 large); where the counter of the cap shown stands, by word; where all counters stand.
    """

    rows: Matrix
    steps: Matrix
    sharing: Matrix
    benefit: Matrix
    benefit_days: Vector
    benefit_rules: Vector
    terms: Matrix
    sharing_days: Vector
    sharing_rows: Vector
    states: Vector
    insures: Matrix
    needs: Vector
    speaks_of: Vector
    waiting: Matrix
    diseases: Matrix
    disease_places: Matrix
    funds: Matrix
    cap_places: Matrix
    counter_places: Matrix
    months: Vector


class Found(NamedTuple):
    """What `find_rules` and `people.find_people` write for each claim: verdict, rule, person, state, sharer."""

    verdict: Vector
    rule: Vector
    who: Vector
    state: Vector
    sharer: Vector


class Out(NamedTuple):
    """What comes out for each claim, fen; `counters` has no rows when nobody asks for them."""

    deductible: Vector
    pool: Vector
    large: Vector
    deductible_used: Vector
    cap_used: Vector
    own: Vector
    shared: Vector
    cash: Vector
    counters: Matrix


def find_rules(claims: Claims, rules: Rules, found: Found) -> None:
    """The rule of each claim, and whether the claim tells all that the rule asks.

    Args:
        claims: the chunk.
        rules: the plan's tables.
        found: `verdict` and `rule` are written; a claim with a verdict beyond `OFFSITE_UNKNOWN` is left out.
    """
    visits = claims.visits
    for i in range(len(claims.day)):
        found.rule[i] = NONE
        if found.verdict[i] > OFFSITE_UNKNOWN:
            continue
        place, day = claims.place[i], claims.day[i]
        if rules.insures[place // KIND_COUNT % SCHEME_COUNT, visits[STATUS, i]] == 0:
            found.verdict[i] = NOT_INSURED
            continue
        rule = in_stretch(rules.benefit[place], rules.benefit_days, day, rules.benefit_rules)
        if rule < 0:
            found.verdict[i] = NO_RULE
            continue
        found.rule[i] = rule
        if rules.needs[rule] & NEEDS_PRESCRIPTION:
            visits[TIER, i] = claims.prescriber[i]
        found.verdict[i] = judge(rules, rule, claims.word[i], visits, i)
        if found.verdict[i] == PAYS and claims.late[i] >= 0:
            found.verdict[i] = wait(
                rules.waiting[rule], claims.late[i], claims.missed_years[i], claims.repaid_years[i], visits[COVERED, i]
            )
        visits[MONTH, i] = rules.months[day - FIRST_DAY]
        visits[TIER, i] = max(visits[TIER, i], 0)
        visits[AGE, i] = min(max(visits[AGE, i], 0), OLDEST)
        visits[COVERED, i] = min(max(visits[COVERED, i], 0), LONGEST_COVER)
        visits[DISEASE, i] = rules.disease_places[rule, claims.word[i]]


def judge(rules: Rules, rule: int, word: int, visits: Matrix, i: int) -> int:
    """Whether a claim tells all that its rule asks, and the rule speaks of such a visit."""
    away = visits[CASES, i] & OFFSITE_BITS
    needs = rules.needs[rule]
    if needs & NEEDS_PRESCRIPTION and visits[TIER, i] < 0:
        return NO_PRESCRIPTION
    if needs & NEEDS_TIER and visits[TIER, i] < 0:
        return TIER_NEEDED
    if needs & NEEDS_AGE and visits[AGE, i] < 0:
        return AGE_NEEDED
    if needs & NEEDS_MONTHS and visits[COVERED, i] < 0:
        return MONTHS_NEEDED
    if needs & NEEDS_DISEASE and rules.diseases[rule, word] == 0:
        return DISEASE_NEEDED
    if away != 0 and (away & rules.speaks_of[rule]) == 0:
        return OFFSITE_UNKNOWN
    return PAYS


def wait(terms: Vector, late: int, missed: int, repaid: int, covered: int) -> int:
    """Whether somebody insured late still waits.

    Args:
        terms: the rule's months (`WAITING_SIZE` places).
        late: what made them late.
        missed, repaid: years without insurance, and how many of those were paid afterwards.
        covered: months of unbroken cover since; `NONE` where that is not told.
    """
    months = terms[late]
    if late == INTERRUPTED:
        months += max(0, terms[FURTHER_YEAR] * max(0, missed - 1) - terms[REPAID_YEAR] * repaid)
        if 0 < terms[LONG_GAP] <= missed:
            months = max(months, terms[LONG_GAP_LEAST])
    if months > 0 and covered < 0:
        return MONTHS_NEEDED
    return WAITING if covered < months else PAYS


def in_stretch(stretches: Vector, days: Vector, day: int, held: Vector) -> int:
    """What holds on a day; `NONE` before the first stretch."""
    at = stretches[1] - 1
    while at >= stretches[0] and days[at] > day:
        at -= 1
    holds: int = held[at] if at >= stretches[0] else NONE
    return holds


def open_accounts(who: Vector, told: Vector, kind: int, verdict: Vector, accounts: Matrix) -> None:
    """Write what the claims tell of balances; a claim that tells another than the first one did is rejected.

    Args:
        who: for each claim, the account's holder, or `NONE`.
        told: for each claim, the balance in fen, or `NONE`.
        kind: which of the holder's accounts.
        verdict: of each claim.
        accounts: for each person, the balances; `NONE` where nothing was told yet.
    """
    for i in range(len(who)):
        if verdict[i] > OFFSITE_UNKNOWN or who[i] < 0 or told[i] < 0:
            continue
        if accounts[who[i], kind] < 0:
            accounts[who[i], kind] = told[i]
        elif accounts[who[i], kind] != told[i]:
            verdict[i] = BALANCE_DIFFERS


def settle_chunk(
    order: Vector,
    claims: Claims,
    found: Found,
    rules: Rules,
    state: Matrix,
    accounts: Matrix,
    where: Vector,
    pool: Matrix,
    work: Matrix,
    out: Out,
) -> None:
    """Settle the claims one after another: the funds, then the own account, then the sharer's.

    Shared accounts pay whenever the own ones fall short, as if always asked for.

    Args:
        order: the claims in the order of their days.
        claims, found, rules: as `find_rules` and `people.find_people` leave them.
        state: the counters, zeros at the beginning.
        accounts: for each person, the current-year and the historical balance in fen, drawn down; no rows where
            accounts are not given.
        where, pool, work: a desk of the kernel's engine.
        out: what comes out.
    """
    with_accounts = len(accounts) > 0
    parts, result = room_for(PARTS_SIZE), room_for(RESULT_SIZE)
    for step in range(len(order)):
        i = order[step]
        if found.verdict[i] > OFFSITE_UNKNOWN:
            continue
        paid_pool = 0
        paid_large = 0
        out.deductible[i] = 0
        out.deductible_used[i] = NONE
        out.cap_used[i] = NONE
        if found.verdict[i] == PAYS:
            rule = found.rule[i]
            own = state[found.state[i]]
            terms = pool[recall(rules.rows, rules.steps, rule, claims.visits, i, where, pool, work)]
            balance = accounts[found.who[i], CURRENT] if with_accounts else 0
            month, days = claims.visits[MONTH, i], claims.visits[DAYS, i]
            settle_visit(FORM, terms, month, days, claims.in_scope[i], balance, own, parts, result)
            for layer in range(MOST_LAYERS):
                if rules.funds[rule, layer] == 0:
                    paid_pool += result[PAID + layer]
                else:
                    paid_large += result[PAID + layer]
            out.deductible[i] = result[DEDUCTIBLE_BORNE]
            if terms[T_DEDUCTIBLE] == CUMULATIVE:
                out.deductible_used[i] = standing(own, terms[T_BORNE])
            out.cap_used[i] = standing(own, rules.cap_places[rule, claims.word[i]])
            if len(out.counters) > 0:
                for counter in range(rules.counter_places.shape[1]):
                    out.counters[i, counter] = standing(own, rules.counter_places[rule, counter])
        out.pool[i] = paid_pool
        out.large[i] = paid_large
        if with_accounts:
            pay_rest(i, paid_pool + paid_large, claims, found, rules, accounts, out)


def standing(state: Vector, place: int) -> int:
    """Where a counter stands; `NONE` where the rule keeps none."""
    value: int = state[place] if place >= 0 else NONE
    return value


def pay_rest(i: int, funds: int, claims: Claims, found: Found, rules: Rules, accounts: Matrix, out: Out) -> None:
    """What the funds leave: the patient's own accounts, the sharer's, cash."""
    place, day = claims.place[i], claims.day[i]
    # Without a rule the terms are those of row 0: the patient's own pay everything and nobody shares.
    terms = rules.sharing[max(0, in_stretch(rules.terms[place], rules.sharing_days, day, rules.sharing_rows))]
    due = claims.total[i] - funds
    payable = due
    if terms[POLICY_ONLY]:
        payable = claims.in_scope[i] - funds
        if terms[FIRST_SELF_PAY_PAYABLE]:
            payable += claims.first_self_pay[i]
    own = draw_own(accounts[found.who[i]], payable)
    shared = 0
    if terms[SHARES] and found.sharer[i] >= 0:
        shared = draw_shared(accounts[found.sharer[i]], payable - own, terms)
    out.own[i] = own
    out.shared[i] = shared
    out.cash[i] = due - own - shared
