"""The guarded way to servers of others: real sockets on 127.0.0.1, and names that lead where a test says."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from calls.errors import OutsideError, OutsideRefused, OutsideTooLate, OutsideUnanswered, OutsideUnreached
from calls.outside import Access
from console.engine.outside import Answered, GuardedHosts, Outside, Resolve, Sent, certificates, resolve
from tests.console.stub_server import Asked, Reply, stub

TOKEN = "t0ken-0f-a-server"


def names(*found: str) -> Resolve:
    """Every name leads to the next of ``found``, the last for ever."""
    left = list(found)

    async def resolved(_host: str, _port: int) -> Sequence[str]:
        return [left.pop(0) if len(left) > 1 else left[0]]

    return resolved


@asynccontextmanager
async def outside(at: Access | None = None, resolved: Resolve = resolve, **more: object) -> AsyncIterator[Outside]:
    context = more.pop("context", None)
    assert context is None or isinstance(context, ssl.SSLContext)
    named = {"crm": SecretStr(TOKEN)}
    made = Outside(at or Access(), named, context or ssl.create_default_context(), resolved)
    try:
        yield made
    finally:
        await made.close()


async def test_what_is_sent_and_answered() -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(201, b'{"got": 1}', ("Retry-After: 7",))

    at = Access(bearer="crm", headers={"X-Region": "eu"}, secret_headers={"X-Key": "crm"})
    async with stub(answer) as server, outside(at) as host:
        sent = Sent("POST", f"{server.url}/hook?a=1", b"body", {"Idempotency-Key": "k"})
        assert await host.ask(sent, 5.0) == Answered(201, b'{"got": 1}', 7.0)
        (asked,) = server.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/hook?a=1", b"body")
    headers = asked.headers
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert (headers["x-region"], headers["x-key"], headers["idempotency-key"]) == ("eu", TOKEN, "k")
    assert headers["accept-encoding"] == "identity"
    assert TOKEN not in repr(sent) and "hook" not in repr(sent) and "got" not in repr(Answered(200, b"got"))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(status, b"", ("Location: http://169.254.169.254/latest/meta-data/",))

    async with stub(answer) as server, outside() as host:
        assert (await host.ask(Sent("GET", server.url), 5.0)).status == status
        assert len(server.asked) == 1


async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent() -> None:
    async with stub(lambda asked: Reply()) as server:
        for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00:ec2::254"):
            async with outside(Access(insecure=True), names(address)) as host:
                with pytest.raises(OutsideRefused, match=f"hooks.example must not be .*{address}"):
                    await host.ask(Sent("GET", f"http://hooks.example:{server.port}/"), 5.0)
        async with outside(Access(allow_private=True), names("169.254.169.254")) as host:
            with pytest.raises(OutsideRefused, match="credentials"):
                await host.ask(Sent("GET", "http://hooks.example/"), 5.0)
        assert server.asked == []


async def test_one_bad_address_among_good_ones_is_enough() -> None:
    async def both(_host: str, _port: int) -> Sequence[str]:
        return ["8.8.8.8", "169.254.169.254"]

    async with outside(Access(), both) as host:
        with pytest.raises(OutsideRefused):
            await host.ask(Sent("GET", "https://hooks.example/"), 5.0)


async def test_a_name_that_leads_elsewhere_a_moment_later_changes_nothing() -> None:
    """DNS rebinding: the address that was judged is the one that is connected to; each request is judged anew."""
    async with stub(lambda asked: Reply()) as server:
        rebound = names("127.0.0.1", "169.254.169.254")
        async with outside(Access(allow_private=True), rebound) as host:
            sent = Sent("GET", f"http://hooks.example:{server.port}/")
            assert (await host.ask(sent, 5.0)).status == 200
            assert server.asked[0].headers["host"] == f"hooks.example:{server.port}"
            with pytest.raises(OutsideRefused):
                await host.ask(sent, 5.0)
        assert len(server.asked) == 1


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stub(lambda asked: Reply()) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        async with outside() as host:
            assert (await host.ask(Sent("GET", server.url), 5.0)).status == 200


async def test_an_answer_without_end_is_cut_off() -> None:
    async with stub(lambda asked: Reply(endless=True)) as server, outside() as host:
        with pytest.raises(OutsideUnanswered, match="more than 262144 bytes"):
            await host.ask(Sent("GET", server.url), 5.0)


async def test_a_compressed_answer_is_refused() -> None:
    squeezed = Reply(200, b"\x1f\x8b", ("Content-Encoding: gzip",))
    async with stub(lambda asked: squeezed) as server, outside() as host:
        with pytest.raises(OutsideUnanswered, match="compressed"):
            await host.ask(Sent("GET", server.url), 5.0)


async def test_the_deadline_holds_for_the_whole() -> None:
    async with stub(lambda asked: Reply(after_s=30.0)) as server, outside() as host:
        began = asyncio.get_running_loop().time()
        with pytest.raises(OutsideTooLate):
            await host.ask(Sent("GET", server.url), 0.2)
        assert asyncio.get_running_loop().time() - began < 5.0


@pytest.mark.parametrize("reply", [Reply(cut=True), Reply(999_999, b"")])
async def test_no_answer_or_none_that_is_http_may_have_been_done(reply: Reply) -> None:
    async with stub(lambda asked: reply) as server, outside() as host:
        with pytest.raises(OutsideUnanswered) as problem:
            await host.ask(Sent("GET", f"{server.url}/secret-path"), 5.0)
        assert "secret-path" not in str(problem.value)


async def test_nobody_there_is_told_apart_for_nothing_was_sent() -> None:
    async with stub(lambda asked: Reply()) as server:
        url = server.url
    async with outside() as host:
        with pytest.raises(OutsideUnreached):
            await host.ask(Sent("GET", url), 5.0)

    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    async with outside(Access(), unknown) as host:
        with pytest.raises(OutsideUnreached, match="no such name"):
            await host.ask(Sent("GET", "https://hooks.example/"), 5.0)


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    async def both(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]  # the server listens at the second only

    async with stub(lambda asked: Reply()) as server, outside(Access(allow_private=True), both) as host:
        assert (await host.ask(Sent("GET", f"http://hooks.example:{server.port}/"), 5.0)).status == 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for hooks.example, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "key.pem", folder / "chain.pem"
    words = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=hooks.example"
    )
    more = ["-addext", "subjectAltName=DNS:hooks.example", "-keyout", str(key), "-out", str(chain)]
    subprocess.run([*words.split(), *more], check=True, capture_output=True, timeout=60)
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + chain.read_bytes())
    return both


@pytest.mark.parametrize(("name", "is_right"), [("hooks.example", True), ("other.example", False)])
async def test_the_certificate_is_that_of_the_name(certificate: Path, name: str, is_right: bool) -> None:
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate)
    ours = ssl.create_default_context(cafile=str(certificate))
    async with stub(lambda asked: Reply(), theirs) as server:
        async with outside(Access(allow_private=True), names("127.0.0.1"), context=ours) as host:
            sent = Sent("GET", f"https://{name}:{server.port}/")
            if is_right:
                assert (await host.ask(sent, 5.0)).status == 200
            else:
                with pytest.raises(OutsideUnreached):
                    await host.ask(sent, 5.0)
                assert server.asked == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate)
    async with stub(lambda asked: Reply(), theirs) as server:
        async with outside(Access(allow_private=True), names("127.0.0.1"), context=certificates()) as host:
            with pytest.raises(OutsideError):
                await host.ask(Sent("GET", f"https://hooks.example:{server.port}/"), 5.0)
        assert server.asked == []


async def test_hosts_are_made_with_their_guard_and_closed() -> None:
    hosts = GuardedHosts({})
    async with stub(lambda asked: Reply()) as server:
        assert (await hosts.host(Access()).ask(Sent("GET", server.url), 5.0)).status == 200
    await hosts.close()
