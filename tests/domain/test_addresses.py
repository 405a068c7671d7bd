from pathlib import Path

import pytest

from foreset.adapters.delta.log.paths import table_uri
from foreset.domain.errors.tables import FileOfAHost
from foreset.domain.safe_text.addresses import is_address, is_postgres, redacted, without_secrets


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://db/features", "postgresql://db/features"),
        ("postgresql://ann@db:5432/features", "postgresql://ann@db:5432/features"),
        ("postgresql://ann:s3cret@db/features", "postgresql://ann@db/features"),
        ("postgresql://ann:s3cret@[::1]:5432/features", "postgresql://ann@[::1]:5432/features"),
        ("postgresql://:s3cret@db/features", "postgresql://@db/features"),
        ("postgresql://db/features?user=ann&password=s3cret", "postgresql://db/features?user=ann"),
        ("postgresql://db/f?sslpassword=s3cret&sslmode=require", "postgresql://db/f?sslmode=require"),
        ("postgresql:///features", "postgresql:///features"),
        (
            "postgresql://db/f?options=-csearch_path%3Da%20-cb%3D1",
            "postgresql://db/f?options=-csearch_path%3Da%20-cb%3D1",
        ),
        ("postgresql:///f?host=/var/run&p%61ssword=s3cret&user=", "postgresql:///f?host=/var/run&user="),
        ("postgresql://ann:s3@cret@db/features", "postgresql://[...]"),
        ("postgresql://ann:s3/cret@db/features", "postgresql://[...]"),
        ("postgresql://ann:s3?cret@db/features", "postgresql://[...]"),
        ("postgresql://ann:s3#cret@db/features", "postgresql://[...]"),
        ("postgresql://[::1/features", "postgresql://[...]"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert without_secrets(address) == shown


def test_folders_are_told_from_addresses() -> None:
    assert [is_address(place) for place in ("a/b", "C:\\a", "postgresql://db", "s3://b")] == [False, False, True, True]
    places = ("postgres://db", "PostgreSQL://db", "postgresql", "mysql://db")
    assert [is_postgres(place) for place in places] == [True, True, False, False]


@pytest.mark.parametrize("address", ["file://ann:pw@nas/t", "FILE://ann:pw@nas/t", "file://ann:pw@nas"])
def test_a_file_of_another_machine_is_refused_and_shown_without_its_user(address: str) -> None:
    assert "pw" not in without_secrets(address)
    assert "pw" not in redacted(f"the table '{address}' is away")
    assert redacted("the table 'file:///data/a:b@c/t' is away") == "the table 'file:///data/a:b@c/t' is away"
    error = table_uri(address, Path("data")).failure()
    assert isinstance(error, FileOfAHost)
    assert "pw" not in str(error)
