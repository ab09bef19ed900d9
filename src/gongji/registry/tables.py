"""Tables of the registry: people, enrolments, filings, institutions and their keys, the item catalogue."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint

from gongji.foundation.schema import bucket_column, metadata, moment_column

person = sa.Table(
    "person",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("psn_no", sa.Text, nullable=False),
    sa.Column("certificate_type", sa.Text, nullable=False),
    sa.Column("certificate_sealed", sa.LargeBinary, nullable=False),
    sa.Column("name_sealed", sa.LargeBinary, nullable=False),
    sa.Column("name_index", sa.LargeBinary, nullable=False),
    sa.Column("gender", sa.Text, nullable=False),
    sa.Column("born_on", sa.Date, nullable=False),
    sa.Column("nationality", sa.Text, nullable=False, server_default="01"),
    sa.Column("died_on", sa.Date),
    sa.Column("quotas", sa.SmallInteger, nullable=False, server_default="0"),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.CheckConstraint("bucket = id & 1023", name="bucket_in_id"),
    sa.CheckConstraint("gender IN ('1', '2', '9')", name="gender_known"),
    sa.CheckConstraint("died_on IS NULL OR died_on >= born_on", name="died_after_birth"),
    sa.CheckConstraint("quotas >= 0", name="quotas_counted"),
    # Settlements lock the patient's row: room on the page keeps the new row version beside the old one.
    postgresql_with={"fillfactor": "80"},
    comment="quotas: wallet quotas in force that relatives gave the person; a settlement, which reads this row, looks for"
    " them only where there are any",
)

#: Every way to find a person: certificate, social-security card, e-credential. The index is keyed (see `Vault.index`).
credential = sa.Table(
    "credential",
    metadata,
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("kind", "digest"),
    sa.CheckConstraint("kind IN ('certificate', 'card', 'token')", name="kind_known"),
    sa.Index(None, "person_id"),
)

enrolment = sa.Table(
    "enrolment",
    metadata,
    bucket_column(),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("psn_type", sa.Text, nullable=False),
    sa.Column("standing", sa.Text, nullable=False, server_default="1"),
    sa.Column("employer", sa.Text, nullable=False, server_default=""),
    sa.Column("civil_servant", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("aided", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("second_grade", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("covered_since", sa.Date),
    sa.Column("late", sa.Text),
    sa.Column("missed_years", sa.Integer, nullable=False, server_default="0"),
    sa.Column("repaid_years", sa.Integer, nullable=False, server_default="0"),
    sa.Column("during", DATERANGE, nullable=False),
    sa.ForeignKeyConstraint(["bucket", "person_id"], ["person.bucket", "person.id"]),
    # One person, one scheme at a time: double enrolment is forbidden (policy facts, flexible employment §3.4).
    ExcludeConstraint(
        ("bucket", "="), ("person_id", "="), ("during", "&&"), name="enrolment_one_at_a_time", using="gist"
    ),
    # Every settlement looks up how its patient and the sharers are insured (see `foundation.planning.by_key`).
    sa.Index(None, "bucket", "person_id"),
    sa.CheckConstraint("scheme IN ('310', '390')", name="scheme_known"),
    sa.CheckConstraint("status IN ('active', 'retired', 'resident')", name="status_known"),
    sa.CheckConstraint("(scheme = '390') = (status = 'resident')", name="resident_scheme"),
    sa.CheckConstraint("region ~ '^[0-9]{6}$'", name="region_is_admdvs"),
    sa.CheckConstraint("standing IN ('1', '2')", name="standing_known"),
    sa.CheckConstraint("NOT isempty(during) AND NOT lower_inf(during)", name="during_begins"),
    sa.CheckConstraint("covered_since <= lower(during)", name="covered_before"),
    sa.CheckConstraint("late IN ('outside_window', 'interrupted', 'flexible')", name="late_known"),
    sa.CheckConstraint(
        "repaid_years BETWEEN 0 AND missed_years AND (missed_years = 0 OR late IS NOT DISTINCT FROM 'interrupted')",
        name="missed_when_interrupted",
    ),
    comment="covered_since: first day of unbroken cover, where it lies before this enrolment; late: what makes wait",
)

#: What is filed for a person for a span of days and changes how their care is settled (备案): a special disease, the two
#: diseases, the institution that a person chose or is bound to, a referral, care elsewhere.
filing = sa.Table(
    "filing",
    metadata,
    bucket_column(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    sa.Column("word", sa.Text, nullable=False, server_default=""),
    sa.Column("institution_id", sa.Integer),
    sa.Column("state", sa.Text, nullable=False, server_default="filed"),
    sa.Column("during", DATERANGE, nullable=False),
    sa.Column("details", JSONB, nullable=False, server_default="{}"),
    moment_column("filed_at"),
    sa.PrimaryKeyConstraint("bucket", "id"),
    sa.ForeignKeyConstraint(["bucket", "person_id"], ["person.bucket", "person.id"]),
    ExcludeConstraint(
        ("bucket", "="),
        ("person_id", "="),
        ("kind", "="),
        ("subject", "="),
        ("during", "&&"),
        name="filing_once_at_a_time",
        using="gist",
        where=sa.text("state NOT IN ('refused', 'withdrawn')"),
    ),
    sa.CheckConstraint("bucket = id & 1023 AND bucket = person_id & 1023", name="bucket_of_person"),
    sa.CheckConstraint(
        "kind IN ('special_disease', 'two_diseases', 'provider', 'family_doctor', 'referral', 'elsewhere')",
        name="kind_known",
    ),
    sa.CheckConstraint("state IN ('filed', 'granted', 'refused', 'withdrawn')", name="state_known"),
    sa.CheckConstraint("NOT isempty(during) AND NOT lower_inf(during)", name="during_begins"),
    sa.CheckConstraint("subject <> ''", name="subject_told"),
    # Every settlement looks up what is filed for its patient.
    sa.Index(None, "bucket", "person_id"),
    sa.Index("filing_waiting", "filed_at", "id", postgresql_where=sa.text("state = 'filed'")),
    comment="subject: disease code, rank of the institution chosen, institution referred to, or area (admdvs);"
    " word: the disease in the words of the region's rules; details: what else was told when it was filed",
)

institution = sa.Table(
    "institution",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("code", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("designated", DATERANGE, nullable=False),
    sa.CheckConstraint("kind IN ('hospital', 'pharmacy')", name="kind_known"),
    sa.CheckConstraint(
        "tier IN ('tier_1', 'tier_2', 'tier_3', 'community', 'tier_3_special', 'tier_3_specialist', 'provincial',"
        " 'none')",
        name="tier_known",
    ),
    sa.CheckConstraint("code ~ '^[HP][0-9A-Z]{11}$'", name="code_shape"),
    sa.CheckConstraint("region ~ '^[0-9]{6}$'", name="region_is_admdvs"),
    sa.Index(None, "region"),
)

#: The secrets with which institutions sign; several hold at once, under one name or several, while a key is being changed.
institution_key = sa.Table(
    "institution_key",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("dialect", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id"), nullable=False),
    sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
    moment_column("valid_from"),
    moment_column("valid_until", nullable=True),
    # Whoever signs with a name is one institution, now and later: a name that was withdrawn is not given to another.
    ExcludeConstraint(
        ("dialect", "="),
        ("client", "="),
        ("institution_id", "<>"),
        name="institution_key_one_institution_a_name",
        using="gist",
    ),
    sa.CheckConstraint("dialect IN ('x-tif', 'api', 'x-ca', 'apikey')", name="dialect_known"),
    sa.CheckConstraint("valid_until >= valid_from", name="ends_after_it_begins"),
    sa.Index(None, "institution_id"),
    comment="client: what the sender calls itself (paasid, access key …); of an apikey, its fingerprint",
)

catalogue_item = sa.Table(
    "catalogue_item",
    metadata,
    sa.Column("area", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("item_class", sa.Text, nullable=False),
    sa.Column("first_self_pay", sa.Integer, nullable=False),
    sa.Column("ceiling", sa.BigInteger),
    sa.Column("charge_type", sa.Text, nullable=False),
    sa.Column("restricted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("essential_drug", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("negotiated_drug", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("during", DATERANGE, nullable=False),
    ExcludeConstraint(
        ("area", "="), ("code", "="), ("during", "&&"), name="catalogue_item_one_at_a_time", using="gist"
    ),
    sa.CheckConstraint("area ~ '^[0-9]{6}$'", name="area_is_admdvs"),
    sa.CheckConstraint("item_class IN ('A', 'B', 'C')", name="class_known"),
    sa.CheckConstraint("first_self_pay BETWEEN 0 AND 10000", name="first_self_pay_is_ratio"),
    sa.CheckConstraint("item_class <> 'C' OR first_self_pay = 10000", name="class_c_is_own_pay"),
    sa.CheckConstraint("ceiling > 0", name="ceiling_positive"),
    comment="area: the admdvs whose rule it is, 000000 the nation; ceiling: highest unit price that counts, millionths of a yuan",
)

#: Operators' sign-on at an institution (9001/9002).
sign_on = sa.Table(
    "sign_on",
    metadata,
    sa.Column("sign_no", sa.Text, primary_key=True),
    sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id"), nullable=False),
    sa.Column("operator", sa.Text, nullable=False),
    moment_column("signed_on_at"),
    moment_column("signed_off_at", nullable=True),
)
