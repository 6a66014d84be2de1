"""Everything a deployment decides, read from the environment and `.env` and nowhere else."""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ENV_FILE = Path(".env")
DEFAULT_PLAN = Path(__file__).parent / "plans" / "hong-bang-2022.toml"
TELEGRAM = "https://api.telegram.org"

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""What Telegram takes as a secret token (Bot API, setWebhook)."""
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")


class SettingsError(Exception):
    """A setting cannot be used; the message names it and is one line a fault."""


class Settings(BaseSettings):
    """The settings, each under its own name in capitals; `.env.example` explains them."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True
    )

    telegram_bot_token: SecretStr | None = None
    telegram_api_base: str = TELEGRAM
    telegram_proxy: SecretStr | None = None
    telegram_mode: Literal["polling", "webhook"] = "polling"
    webhook_url: SecretStr | None = Field(default=None, validate_default=True)
    webhook_secret: SecretStr | None = Field(default=None, validate_default=True)
    webhook_host: str = "127.0.0.1"
    webhook_port: int = Field(default=8090, ge=0, le=65535)
    database_url: SecretStr = SecretStr("")
    plan_file: Path = DEFAULT_PLAN
    organiser_ids: Annotated[frozenset[str], NoDecode] = frozenset()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"
    health_host: str = "127.0.0.1"
    health_port: int | None = Field(default=None, ge=0, le=65535)
    courier_rate: int = Field(default=20, ge=1, le=30)
    sandbox_port: int = Field(default=8080, ge=0, le=65535)
    data_dir: Path = Path("data")

    @field_validator("organiser_ids", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        """`12, 34` as people write it: numeric Telegram ids between commas or spaces."""
        if not isinstance(value, str):
            return value
        ids = value.replace(",", " ").split()
        for one in ids:
            if not one.isascii() or not one.isdigit():
                raise ValueError(f"{one!r} is no numeric Telegram id")
        return frozenset(ids)

    @field_validator("telegram_bot_token")
    @classmethod
    def _check_shape(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            number, _, secret = value.get_secret_value().partition(":")
            if not (number.isascii() and number.isdigit() and secret):
                raise ValueError("it does not look like a bot token (digits:letters)")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _check_address(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None:
            _check_unneeded(info)
            return None
        try:
            url = urlsplit(value.get_secret_value())
            is_whole = bool(url.hostname) and url.port != 0
        except ValueError:
            is_whole = False
        if not is_whole or url.query or url.fragment or "@" in url.netloc:
            raise ValueError("https://host/path is expected")
        if not _PATH.fullmatch(url.path):
            raise ValueError("its path may hold letters, digits, / . _ ~ and - only")
        is_own_server = info.data.get("telegram_api_base") != TELEGRAM
        if url.scheme != "https" and not (is_own_server and url.scheme == "http"):
            raise ValueError("it must begin with https://")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _check_secret(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None:
            _check_unneeded(info)
            return None
        if not _SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("1 to 256 letters, digits, _ and - are expected")
        return value

    @property
    def is_sandbox(self) -> bool:
        """Without a token the bot plays in the sandbox."""
        return self.telegram_bot_token is None

    @property
    def database_address(self) -> str:
        """Where the data lies: as set, or a file of its own for each of the two programs."""
        address = self.database_url.get_secret_value()
        if address:
            return address
        name = "sandbox.db" if self.is_sandbox else "doithoai.db"
        return f"sqlite:///{self.data_dir / name}"


def _check_unneeded(info: ValidationInfo) -> None:
    """A webhook without a secret would take anybody's word for Telegram's."""
    if info.data.get("telegram_mode") == "webhook":
        raise ValueError("TELEGRAM_MODE=webhook needs it")


def load_settings(**overrides: object) -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: a value cannot be used; names the setting, never shows its value.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("\n".join(lines)) from None
