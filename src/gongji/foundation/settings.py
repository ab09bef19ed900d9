"""Settings: environment variables (``GONGJI_…``) over a TOML file (``GONGJI_CONFIG``) over the defaults here."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from gongji.foundation.errors import Misconfigured


def default_data_folder() -> Path:
    """Where data lies when nothing is set: the user's data folder; for root, which PostgreSQL may not run as,
    a place that PostgreSQL's own user can reach (a home of mode 0700 is not)."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/gongji")
    return user_data_path("gongji")


class IdentityProvider(BaseModel):
    """Where people log in (OpenID Connect, authorization code with PKCE), and what its claims are called.

    Attributes:
        issuer: its address, without ``/.well-known/openid-configuration``.
        client_id, client_secret: as it knows this platform; no secret for a public client.
        scope: what is asked for.
        certificate_claim: the claim that holds a citizen's ID number.
        officer_claim, region_claim, duties_claim: the claims that hold an officer's number, six-digit region, and duties
            (a list, or words with blanks between).
    """

    issuer: str = Field(pattern=r"^https?://[^?#]+[^?#/]$")
    client_id: str
    client_secret: SecretStr | None = None
    scope: str = "openid"
    certificate_claim: str = "certificate_number"
    officer_claim: str = "officer_number"
    region_claim: str = "region"
    duties_claim: str = "duties"


class Settings(BaseSettings):
    """Everything that an installation may set.

    Attributes:
        data: folder of the embedded database, the key file and uploads.
        database_url: a PostgreSQL 15 or newer, signed in as the service's role; None starts the embedded server in `data`.
        database_owner_url: the same database signed in as the owner of the tables, for ``gongji db`` and migrations;
            None: `database_url` is the owner's too.
        secret: the installation's key, 64 hexadecimal digits; None reads (or makes) ``secret.key`` in `data`.
        files: folder of uploaded files, sealed, shared by all processes; None: ``files`` in `data`.
        host, port: where the server listens.
        desks: settlement desks a worker process runs, each with a connection of its own.
        desk_queue: settlements that may wait at one process before new ones are told that it is busy.
        cache: folder of what can be made again at any time: the compiled kernel.
        watch_seconds: seconds between two verifications of what is new while the server runs; 0 leaves it out.
        maintenance_minutes: how often one of the processes maintains the database (`gongji db maintain`); 0 never does.
        expire_seconds: how often a worker process gives back holds whose time is over, and ends orders for
            premiums that nobody answered; 0 never.
        message_seconds: how often a worker process tells people of what their accounts paid, and hands messages on to phones
            and programs; 0 never.
        fonts: folders with Noto Sans CJK for the papers that are printed, where the system does not have it.
        institution_rate: messages a second that one institution may send, over all worker processes; 0 sets no limit.
        body_seconds: how long a message may take to come in whole.
        answer_seconds: how long a transaction of the national interface may take before its outcome is told to be unknown.
        workers: worker processes that share `institution_rate`; `gongji serve` tells them.
        holidays, worked_weekends: weekdays on which the agency does not work, and weekends on which it does, for the
            working days that it promises (JSON lists of dates).
        packs: extra rule packs (files or folders) beside the shipped ones.
        wallet_regions: six-digit regions in which the wallet is open though no pack says so (a JSON list).
        wallet_quotas_from: the day from which on relatives set wallet quotas instead of sending money.
        clearing_terms: a file of regions' own terms of clearing: what is retained of institutions, how large advances should be.
        clearing_keys: for each region (or province) of another installation the key, 64 hexadecimal digits, that both sign
            statements of clearing with (a JSON object).
        public_url: the address that people reach the pages at, where a proxy stands before the server; None takes the
            address of each request.
        citizen_log_in: where citizens log in; None leaves them the link that they are sent.
        officer_log_in: where officers log in; None closes the officers' pages.
        sms_url: the gateway that takes text messages, posted as JSON (``phone``, ``text``); ``log`` keeps them for
            `gongji messages texts` instead (a trial); None sends none, and nobody is offered a code or a text.
        session_idle_minutes: a session ends when nothing was opened for so long.
        session_hours: a session ends so long after log-in, whatever was opened.
        log_format: ``json`` for machines, ``text`` for people.
        log_level: least severe level that is logged.
    """

    model_config = SettingsConfigDict(env_prefix="GONGJI_", extra="forbid")

    data: Path = Field(default_factory=default_data_folder)
    database_url: str | None = None
    database_owner_url: str | None = None
    secret: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    files: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    desks: int = Field(default=1, ge=1, le=64)
    desk_queue: int = Field(default=4096, ge=1)
    cache: Path = Field(default_factory=lambda: user_cache_path("gongji"))
    watch_seconds: float = Field(default=60, ge=0)
    maintenance_minutes: float = Field(default=60, ge=0)
    expire_seconds: float = Field(default=60, ge=0)
    holidays: list[date] = Field(default_factory=list)
    worked_weekends: list[date] = Field(default_factory=list)
    notice_seconds: float = Field(default=5, ge=0)
    message_seconds: float = Field(default=5, ge=0)
    fonts: list[Path] = Field(default_factory=list)
    plugins: dict[str, list[str]] = Field(default_factory=dict)
    institution_rate: float = Field(default=200, ge=0)
    body_seconds: float = Field(default=30, gt=0)
    answer_seconds: float = Field(default=60, gt=0)
    workers: int = Field(default=1, ge=1)
    packs: list[Path] = Field(default_factory=list)
    wallet_regions: list[str] = Field(default_factory=list)
    wallet_quotas_from: date | None = None
    clearing_terms: Path | None = None
    clearing_keys: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(default_factory=dict)
    public_url: str | None = Field(default=None, pattern=r"^https?://[^?#/]+$")
    citizen_log_in: IdentityProvider | None = None
    officer_log_in: IdentityProvider | None = None
    sms_url: str | None = Field(default=None, pattern=r"^(log|https?://[^?#]+)$")
    session_idle_minutes: float = Field(default=30, gt=0)
    session_hours: float = Field(default=12, gt=0)
    log_format: Literal["json", "text"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the file."""
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        config = os.environ.get("GONGJI_CONFIG")
        if config:
            sources += (TomlConfigSettingsSource(settings_cls, Path(config)),)
        return sources


def load_settings(**overrides: object) -> Settings:
    """Read the settings.

    Raises:
        Misconfigured: ``settings.invalid``, naming the setting that does not hold.
    """
    config = os.environ.get("GONGJI_CONFIG")
    if config and not Path(config).is_file():
        raise Misconfigured(
            "settings.invalid",
            f"GONGJI_CONFIG names {config}, which is no file",
            f"GONGJI_CONFIG 指向的文件不存在：{config}",
            field="GONGJI_CONFIG",
        )
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as problem:
        first = problem.errors()[0]
        name = "GONGJI_" + "_".join(str(part) for part in first["loc"][:1]).upper()
        raise Misconfigured(
            "settings.invalid", f"{name}: {first['msg']}", f"设置 {name} 不正确：{first['msg']}", field=name
        ) from problem
