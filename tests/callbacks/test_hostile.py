"""Whatever is sent to any vendor's address: an answer that is documented, and not a word of it."""

from __future__ import annotations

import base64
import codecs
import json
import logging
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.client import Client

from longtake.callbacks.app import create_app
from longtake.domain.events import VendorEvent
from longtake.domain.ports import CallbackParser
from longtake.vendors import REGISTRY
from tests.callbacks.conftest import forget
from tests.callbacks.vendors import VOICES, Headers, Voice, parser_of, secret_of

MARK = "in-the-body-alone"
"""Stands in every hostile body: it must be found nowhere else."""
MAX_BODY_BYTES = 200_000
ANSWERS = {200, 400, 401, 413, 415}
"""503 is missing on purpose: Temporal is there, so nothing may be sent again."""

JSON = {"content-type": "application/json"}

few = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
texts = st.text(st.characters(exclude_categories=()), max_size=12)  # lone surrogates too
numbers = (
    st.integers()
    | st.floats()
    | st.sampled_from([10**17, 10**18, -(10**30), 1e308, 2**63, 10**4000])
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


class Watched:
    """A parser whose `parse` must be given what its `verify` has just passed."""

    def __init__(self, parser: CallbackParser) -> None:
        self.receipt = parser.receipt
        self.answer_within = parser.answer_within
        self._parser = parser
        self._verified: bytes | None = None

    def verify(self, headers: dict[str, str], body: bytes) -> None:
        self._verified = None
        self._parser.verify(headers, body)
        self._verified = body

    def parse(self, body: bytes, token: str = "") -> VendorEvent | None:
        assert body is self._verified or body == self._verified
        return self._parser.parse(body, token)


class Listener(logging.Handler):
    """All that is logged, by whomever, as text."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter())
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("longtake", "starlette", "asyncio", "temporalio")):
            self.heard.append(self.format(record))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gate(temporal: Client) -> AsyncGenerator[httpx.AsyncClient]:
    """One receiver for every vendor there is."""
    parsers = {(slug, "demo"): Watched(parser_of(slug)) for slug in REGISTRY}
    app = create_app(parsers, temporal, forget, max_body_bytes=MAX_BODY_BYTES)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://receiver"
    ) as http:
        yield http


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener, root = Listener(), logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    yield listener
    root.removeHandler(listener)
    root.setLevel(level)


@pytest.fixture(params=VOICES)
def slug(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def voice(slug: str) -> Voice:
    return VOICES[slug]


class Sender:
    """Sends to one vendor's address, and looks at every answer and at the logs."""

    def __init__(self, gate: httpx.AsyncClient, listener: Listener, slug: str) -> None:
        self._gate = gate
        self._listener = listener
        self._slug = slug
        self._secret = secret_of(slug)

    def signed(self, body: bytes) -> Headers:
        return {**JSON, **VOICES[self._slug].sign(self._secret, body)}

    async def send(
        self, body: bytes, headers: Any = None, token: str | None = None
    ) -> httpx.Response:
        """`headers`: those of a signed callback, where none are given."""
        self._listener.heard.clear()
        last = VOICES[self._slug].token if token is None else token
        answer = await self._gate.post(
            "/".join(filter(None, ["/callbacks", self._slug, "demo", last])),
            content=body,
            headers=self.signed(body) if headers is None else headers,
            params={"in": "the-query"},
        )
        assert answer.status_code in ANSWERS
        receipt = VOICES[self._slug].receipt
        if answer.status_code == 200:
            assert answer.json() == receipt
        shown = answer.text, "\n".join(self._listener.heard)
        for secret in (MARK, self._secret, "the-query", "lt0123456789abcdef0123", "Traceback"):
            assert not [text for text in shown if secret in text]
        return answer


@pytest.fixture
def sender(gate: httpx.AsyncClient, listener: Listener, slug: str) -> Sender:
    return Sender(gate, listener, slug)


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def marked(voice: Voice) -> bytes:
    return dumped({**voice.event, "unheard of": MARK})


def test_every_vendor_is_spoken_for() -> None:
    assert VOICES.keys() == REGISTRY.keys()


async def test_what_is_signed_is_answered_as_the_reference_wants(
    sender: Sender, voice: Voice
) -> None:
    answer = await sender.send(marked(voice))
    assert (answer.status_code, answer.json()) == (200, voice.receipt)
    assert answer.headers["content-type"] == "application/json"


async def test_a_replay_is_taken_and_tells_nothing_new(sender: Sender, voice: Voice) -> None:
    body = marked(voice)
    headers = sender.signed(body)
    answers = [await sender.send(body, headers) for _ in range(3)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}


@few
@given(body=st.binary(max_size=300))
async def test_any_bytes_are_answered(sender: Sender, body: bytes) -> None:
    body = MARK.encode() + body
    assert (await sender.send(body)).status_code == 400
    assert (await sender.send(body, JSON)).status_code == 401


@few
@given(value=values)
async def test_any_json_is_answered(sender: Sender, value: object) -> None:
    assert (await sender.send(dumped({"unheard of": MARK, "value": value}))).status_code in {
        200,
        400,
    }
    assert (await sender.send(dumped([value, MARK]), JSON)).status_code == 401


def paths(value: object, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*at, name)
            yield from paths(inner, (*at, name))


def changed(value: Any, path: tuple[str, ...], to: object) -> Any:
    name, *rest = path
    return {**value, name: changed(value[name], tuple(rest), to) if rest else to}


@few
@given(data=st.data())
async def test_any_value_in_any_field_is_answered(
    sender: Sender, voice: Voice, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(sorted(paths(voice.event))))
    event = changed(voice.event, path, data.draw(values))
    assert (await sender.send(dumped({**event, "mark": MARK}))).status_code in {200, 400}


async def test_any_field_may_be_absent_or_null(sender: Sender, voice: Voice) -> None:
    for path in paths(voice.event):
        for event in (changed(voice.event, path, None), _without(voice.event, path)):
            assert (await sender.send(dumped(event))).status_code in {200, 400}


def _without(value: Any, path: tuple[str, ...]) -> Any:
    name, *rest = path
    if rest:
        return {**value, name: _without(value[name], tuple(rest))}
    return {key: inner for key, inner in value.items() if key != name}


@pytest.mark.parametrize(
    "value",
    [
        *(b"[" * depth + b"]" * depth for depth in (50, 400, 900, 950, 990, 50_000)),
        *(b'{"a":' * depth + b"1" + b"}" * depth for depth in (400, 950, 20_000)),
        *(b"9" * 5_000, b"-" + b"9" * 4_000, b"1e999", b"NaN", b"-Infinity", b"0.1e-99999"),
        *(b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\u0000"', b'"\xff"', b'"\xed\xa0\x80"'),
        *(b'"' + b"a" * 100_000 + b'"', b'"' + b"s_1_" * 20_000 + b'"', b"{}", b"[]", b"true"),
    ],
    ids=lambda value: f"{value[:9]} {len(value)}",
)
async def test_a_monstrous_value_in_any_field_is_answered(
    sender: Sender, voice: Voice, value: bytes
) -> None:
    for path in paths(voice.event):
        body = dumped(changed(voice.event, path, "HERE")).replace(b'"HERE"', value)
        assert (await sender.send(body)).status_code in {200, 400}


@pytest.mark.parametrize("room", ["🎥" * 1024, "\x00", "a\nb", "../..", "%00", '"', "x" * 1025])
async def test_a_room_that_nobody_can_record_is_no_reason_to_send_again(
    sender: Sender, voice: Voice, room: str
) -> None:
    body = dumped(voice.event).replace(b'"nobody-records"', dumped(room))
    assert (await sender.send(body)).status_code == (400 if len(room) > 1024 else 200)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "utf-16-le"])
async def test_json_in_another_encoding_is_answered(
    sender: Sender, voice: Voice, encoding: str
) -> None:
    body = marked(voice).decode().encode(encoding)
    assert (await sender.send(body)).status_code in {200, 400}


@pytest.mark.parametrize(
    "headers",
    [
        *({}, {"content-type": ""}, {"content-type": "text/json"}, {"content-type": "*/*"}),
        *({"content-type": "application/json, text/html"}, {"content-type": "\xff"}),
        {"content-type": "application/x-www-form-urlencoded"},
    ],
    ids=str,
)
async def test_another_content_is_not_looked_at(
    sender: Sender, voice: Voice, headers: Headers
) -> None:
    body = marked(voice)
    others = {name: value for name, value in sender.signed(body).items() if name not in JSON}
    raw = {name: value.encode("latin-1") for name, value in {**others, **headers}.items()}
    assert (await sender.send(body, raw)).status_code == 415


async def test_what_is_too_long_is_not_verified(sender: Sender) -> None:
    assert (await sender.send(MARK.encode() * MAX_BODY_BYTES)).status_code == 413


async def test_a_header_that_comes_twice_counts_as_neither(sender: Sender, voice: Voice) -> None:
    body = marked(voice)
    headers = sender.signed(body)
    names = [name for name in headers if name not in {"sdkappid", "agora-signature"}]
    for name in names:
        for other in (headers[name], "forged"):
            for pair in ([headers[name], other], [other, headers[name]]):
                doubled = [(key, value) for key, value in headers.items() if key != name]
                doubled += [(name, value) for value in pair]
                status = (await sender.send(body, doubled)).status_code
                assert status == (415 if name == "content-type" else 401)


def spoilt(signature: str) -> Iterator[str]:
    """A signature of another length, case, encoding or hand."""
    yield from ("", signature[:-1], f"{signature}0", signature * 2, signature[::-1], "0" * 64)
    yield from (f'"{signature}"', f"sha256={signature}", "\xfc" * len(signature), "null")
    yield signature.swapcase()
    yield codecs.encode(signature.encode(), "hex").decode()
    yield base64.b64encode(signature.encode()).decode()


async def test_a_signature_that_is_not_to_the_letter_is_refused(
    sender: Sender, voice: Voice, slug: str
) -> None:
    body = marked(voice)
    headers = sender.signed(body)
    names = [name for name in headers if name not in {"content-type", "sdkappid"}]
    for name in names:
        for other in spoilt(headers[name]):
            if other == headers[name] or _same(slug, name, other, headers):
                continue
            raw = {key: value.encode("latin-1") for key, value in {**headers, name: other}.items()}
            assert (await sender.send(body, raw)).status_code == 401, (name, other)


def _same(slug: str, name: str, other: str, headers: Headers) -> bool:
    """Agora's weaker signature is not read beside the better one, and Alibaba's hex has no case."""
    return (slug, name) == ("agora", "agora-signature") or (
        slug == "alibaba" and other.lower() == headers[name].lower()
    )


async def test_without_its_signature_nothing_is_taken(
    sender: Sender, voice: Voice, slug: str
) -> None:
    body = marked(voice)
    headers = sender.signed(body)
    assert (await sender.send(body, JSON)).status_code == 401
    for name in headers.keys() - {"content-type", "sdkappid"}:
        left = {key: value for key, value in headers.items() if key != name}
        expected = 200 if slug == "agora" else 401  # of Agora's two, one is enough
        assert (await sender.send(body, left)).status_code == expected


@few
@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
async def test_a_body_that_was_changed_on_its_way_is_refused(
    sender: Sender, voice: Voice, position: int, byte: int
) -> None:
    body = marked(voice)
    at = position % len(body)
    forged = body[:at] + bytes([byte]) + body[at + 1 :]
    if forged == body:
        return
    status = (await sender.send(forged, sender.signed(body))).status_code
    assert status == 401 if voice.covers_body else status in {200, 400}


@few
@given(key=st.text(st.characters(codec="ascii"), max_size=70))
async def test_another_key_opens_nothing(sender: Sender, voice: Voice, slug: str, key: str) -> None:
    if key == secret_of(slug):
        return
    body = marked(voice)
    assert (await sender.send(body, {**JSON, **voice.sign(key, body)})).status_code == 401


@pytest.mark.parametrize("secret", [None, ""])
def test_an_account_without_a_secret_takes_nothing_however_it_is_signed(
    slug: str, voice: Voice, secret: str | None
) -> None:
    parser = _without_secret(slug, secret)
    body = marked(voice)
    for key in ("", "None", secret_of(slug)):
        with pytest.raises(Exception, match="no callback_secret"):
            parser.verify(voice.sign(key, body), body)
    with pytest.raises(Exception, match="no callback_secret"):
        parser.verify({}, body)


def _without_secret(slug: str, secret: str | None) -> CallbackParser:
    """An empty secret, where the settings refuse one, as a parser alone would get it."""
    parser: Any = parser_of(slug, callback_secret=None)
    if secret is not None:
        parser._secret = type(parser_of(slug)._secret)(secret)  # type: ignore[attr-defined]
    return parser


@pytest.mark.parametrize(
    "token",
    [
        *("lt", "lt0123456789abcdef012", "lt0123456789abcdef01234", "LT0123456789ABCDEF0123"),
        *("xx0123456789abcdef0123", "lt0123456789abcdef012g", "%00", "lt0123456789abcdef0123%0A"),
        *("x" * 5_000, "in-the-body-alone", "..%5c..", "%F0%9F%8E%A5"),
    ],
    ids=lambda token: token[:30],
)
async def test_a_token_of_another_form_is_malformed_where_tokens_are(
    sender: Sender, voice: Voice, token: str
) -> None:
    status = (await sender.send(marked(voice), token=token)).status_code
    assert status == (400 if voice.token else 200)
