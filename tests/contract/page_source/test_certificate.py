"""A page whose certificate is not accepted is called that, with what openssl says of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.network import why_unseen
from adapters.providers.opened import page_sources
from bot.catalog.catalog import Catalog
from bot.domain.errors import SourceError
from tests.contract.page_source.kit import CATALOG, NOW


@asynccontextmanager
async def expired(folder: Path) -> AsyncIterator[tuple[str, Path]]:
    """A server whose certificate ended a day ago: its address, and the certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    past = NOW.replace(year=2020)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(past)
        .not_valid_after(past + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    server = await asyncio.start_server(
        lambda _, writer: writer.close(), "localhost", 0, ssl=context
    )
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}", pem


@pytest.mark.parametrize(
    ("trusted", "says"), [(True, "certificate has expired"), (False, "self-signed certificate")]
)
async def test_a_certificate_that_is_not_accepted_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool, says: str
) -> None:
    reason = f"its certificate is not accepted: {says}"
    async with expired(tmp_path) as (url, certificate):
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        catalog = Catalog({"claude": replace(CATALOG.provider("claude"), page=url, source="")})
        async with page_sources(catalog, lambda: NOW) as pages:
            with pytest.raises(SourceError) as failed:
                await pages["claude"].poll(lambda _: ())
        assert str(failed.value).endswith(f"cannot be read: {reason}")
        assert await why_unseen(url, []) == f"{reason}; see that this machine's clock is right"
