"""No credential is shown: in addresses, in texts around them, in options, specs, errors and their causes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foreset.domain.definitions.recordable import without_credentials
from foreset.domain.definitions.specs import DeltaSource, FeatureViewSpec
from foreset.domain.errors.event_log import UnknownLocation
from foreset.domain.errors.problem import because, raised
from foreset.domain.errors.tables import TableUnreadable
from foreset.domain.safe_text.addresses import has_login, is_misspelt, redacted, unquoted, without_secrets
from foreset.domain.safe_text.secret_names import filled

SECRET = "Pl4ntedS3cret"  # noqa: S105  # what is to be found
SIGNS = st.text(st.sampled_from(" @:/?#&%'\"\\;[],=!$+"), max_size=3)
PASSWORDS = st.builds("{}{}{}".format, SIGNS, st.just(SECRET), SIGNS)
OPTIONS = ["password", "api_key", "token", "sig", "X-Amz-Signature", "X-Amz-Security-Token", "AccountKey", "key"]
SCHEMES = ["postgresql", "postgres", "s3", "s3a", "abfss", "http", "https", "mysql+pymysql", "redis", "az", "gs"]
ONE_SLASH = st.sampled_from([":", ":/", "://", ":///"])


@given(st.sampled_from(SCHEMES), PASSWORDS)
@example("postgresql", f'"{SECRET}:/')
@example("postgresql", f"/{SECRET}:/")
@example("s3", f"{SECRET}://")
def test_a_password_of_any_signs_is_not_shown(scheme: str, password: str) -> None:
    address = f"{scheme}://ann:{password}@db.example.com/features"
    assert SECRET not in without_secrets(address)
    shown = redacted(f"the store '{address}' cannot be reached")
    assert SECRET not in shown
    assert redacted(f"{shown} Next: write to ann@example.com") == f"{shown} Next: write to ann@example.com"


@given(st.sampled_from(SCHEMES), st.sampled_from(OPTIONS), st.sampled_from(["?", "?v=1&", "/x?v=1;", "#"]))
def test_an_option_of_an_address_is_not_shown(scheme: str, option: str, before: str) -> None:
    address = f"{scheme}://host/path{before}{option}={SECRET}"
    assert SECRET not in without_secrets(address)
    assert SECRET not in redacted(f"it did not answer at {address}, and was given up")


@given(st.sampled_from(["postgresql", "postgres", "s3", "http"]), ONE_SLASH, PASSWORDS)
def test_an_address_with_too_few_slashes_is_not_shown_in_clear(scheme: str, slashes: str, password: str) -> None:
    address = f"{scheme}{slashes}ann:{password}@db"
    assert SECRET not in without_secrets(address)
    assert is_misspelt(address) == ("//" not in slashes)


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={SECRET};EndpointSuffix=x",
        f"{{'aws_secret_access_key': '{SECRET}'}}",
        f'{{"sas_token": "{SECRET}"}}',
        f"see https://ann:{SECRET}@host/x and s3://KEY:{SECRET}@bucket",
        f"abfss://c@a.dfs.core.windows.net/t?sv=2024&sig={SECRET}",
        f"password='{SECRET} {SECRET}' host=db",
    ],
)
def test_what_others_say_is_shown_without_credentials(text: str) -> None:
    assert SECRET not in redacted(text)


@pytest.mark.parametrize(
    "text",
    ["s3://bucket/a@b/c", "abfss://c@a.dfs.core.windows.net/t", "join key: a", "path /a/b:c", "C:/data", "key = 'x'"],
)
def test_what_is_not_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_pieces_that_a_driver_quotes_of_an_address_are_not_shown() -> None:
    said = f'unexpected spaces found in "my {SECRET}", use percent-encoded spaces'
    assert SECRET not in unquoted(said, f"postgresql://ann:my {SECRET}@db")


def test_options_are_not_shown_by_any_repr() -> None:
    source = DeltaSource("rain", "at", storage_options={"anything": SECRET, "region": SECRET})
    view = FeatureViewSpec("rain", ["city"], source, ["mm"])
    assert SECRET not in f"{source!r} {view!r} {source.storage_options} {source.__rich_repr__()}"
    assert source.storage_options == {"anything": SECRET, "region": SECRET}


def test_credentials_are_not_recorded_and_come_back_from_what_is_known() -> None:
    options = {
        "aws_secret_access_key": SECRET,
        "endpoint": f"http://u:{SECRET}@h",
        "region": "eu",
        "allow_http": "true",
    }
    view = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at", storage_options=options), ["mm"])
    recorded = without_credentials(view).source.storage_options
    assert recorded == {"aws_secret_access_key": "***", "endpoint": "***", "region": "eu", "allow_http": "true"}
    assert filled(recorded, options) == options
    assert filled(recorded, {}) == {"region": "eu", "allow_http": "true"}


def test_an_error_and_its_causes_say_no_credential() -> None:
    fault = OSError(f"no way to s3://KEY:{SECRET}@bucket")
    fault.__cause__ = ValueError(f"token={SECRET}")
    error = because(TableUnreadable(table=f"https://h/?sig={SECRET}", problem=str(fault)), fault)
    exception = raised(error)
    cause = exception.__cause__
    assert cause is not None
    chain = f"{error} {error!r} {exception} {cause!r} {cause.__cause__!r}"
    assert SECRET not in chain
    assert "ValueError: token=***" in chain


def test_a_misspelt_address_is_shown_without_its_password() -> None:
    assert SECRET not in UnknownLocation(location=f"postgresql:/u:{SECRET}@h/d").message


@given(PASSWORDS, st.sampled_from(["db.example.com:5432/x", "host/t", "h.de"]), st.sampled_from(["", "//"]))
def test_a_login_without_a_scheme_is_not_shown(password: str, host: str, before: str) -> None:
    address = f"{before}ann:{password}@{host}"
    assert has_login(address)
    assert SECRET not in without_secrets(address)
    if not set(password) & set(" \"'<>") and password[0] != "/":
        assert SECRET not in redacted(f"the store '{address}' cannot be reached")


@pytest.mark.parametrize(
    "place", ["./ann:pw@host", "/data/ann:pw@host", "C:/data/a@b", "a:b/c", "ann@host", "s3://b/k"]
)
def test_a_path_is_no_login(place: str) -> None:
    assert not has_login(place)
    assert without_secrets(place) == place
