"""TC3-HMAC-SHA256 as the emulator checks it: two vectors of the official signer, and refusals."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from longtake.vendors.tencent.emulator.codes import Refusal
from longtake.vendors.tencent.emulator.options import Caller
from longtake.vendors.tencent.emulator.signing import (
    SignedRequest,
    canonical_request,
    signing_keys,
    verify,
)

NAMES = ["content-type", "host"]
SECRET_A, SECRET_B = "test-secret-key-a", "test-secret-key-b"
CALLERS = {
    "test-secret-id-a": Caller(secret_key=SECRET_A),
    "test-secret-id-b": Caller(secret_key=SECRET_B, token="temporary"),
}
BODY_A = b'{"SdkAppId": 1400000123, "TaskId": "task-Ab+9_x."}'
SIGNED_A = "a4542d39560c4b26db965c3d8d91a622e4d4dceb63e923b9359f3e4a0e315549"
BODY_B = (
    rb'{"SdkAppId": 1400000123, "RoomId": "\u4f1a\u8bae-7", "RoomIdType": 0, '
    b'"UserId": "rec_r7_01", "UserSig": "eJx-usersig", "RecordParams": {"RecordMode": 2, '
    b'"MaxIdleTime": 60, "StreamType": 0, "OutputFormat": 1}, "StorageParams": {"CloudStorage": '
    b'{"Vendor": 0, "Region": "ap-shanghai", "Bucket": "demo-1250000000", "AccessKey": "cos-id", '
    b'"SecretKey": "cos-key", "FileNamePrefix": ["rec", "2024"]}}}'
)
SIGNED_B = "79af11144196a0b12e7f99c4c4cd5ff1bf7c728498bd68e67dc99c8cdf3ae6c2"
AT_A, AT_B = 1_700_000_000, 1_704_067_199


def authorization(secret_id: str, date: str, signature: str) -> str:
    return (
        f"TC3-HMAC-SHA256 Credential={secret_id}/{date}/trtc/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}"
    )


def request_a(body: bytes = BODY_A, signature: str = SIGNED_A, /, **headers: str) -> SignedRequest:
    given = {
        "host": "trtc.intl.tencentcloudapi.com",
        "content-type": "application/json",
        "x-tc-timestamp": str(AT_A),
        "authorization": authorization("test-secret-id-a", "2023-11-14", signature),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return SignedRequest("POST", given, body)


def request_b(**headers: str) -> SignedRequest:
    given = {
        "host": "trtc.tencentcloudapi.com",
        "content-type": "application/json",
        "x-tc-timestamp": str(AT_B),
        "x-tc-token": "temporary",
        "authorization": authorization("test-secret-id-b", "2023-12-31", SIGNED_B),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return SignedRequest("POST", given, BODY_B)


def instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def refused(request: SignedRequest, at: float = AT_A) -> str:
    with pytest.raises(Refusal) as caught:
        verify(request, CALLERS, (instant(at),))
    return caught.value.code


def test_vector_a_in_every_step() -> None:
    assert hashlib.sha256(BODY_A).hexdigest() == (
        "04ed65289a008a4f50f0d0598dc2f6d857b2df556de5e38868ff0cc67490cc0e"
    )
    canonical = canonical_request(request_a(), NAMES)
    assert hashlib.sha256(canonical.encode()).hexdigest() == (
        "588776d95a2ea5122c547a1c32d43a45a051e0f76139185439f47e4f08b19157"
    )
    assert [key.hex() for key in signing_keys(SECRET_A, "2023-11-14")] == [
        "47d329bc56e6820e912980049df3681b760b7d92ae519827e3e12a1f986bea47",
        "076dce548aff08b3267e9203a16419e612e65ba24cf15f61d818d614e31143eb",
        "b42707c46aa87720e2d039ab3bfbec0e8be07f9c7e82971f6adfff0a02757a95",
    ]
    verify(request_a(), CALLERS, (instant(AT_A),))


def test_vector_a_without_spaces_signs_otherwise() -> None:
    compact = json.dumps(json.loads(BODY_A), separators=(",", ":")).encode()
    signature = "c46ee3ef73c3599aec31858c67383eb319c13d30351abc6faa4e74f1f2715f0a"
    verify(request_a(compact, signature), CALLERS, (instant(AT_A),))
    assert refused(request_a(compact)) == "AuthFailure.SignatureFailure"


def test_vector_b_is_signed_with_the_utc_date() -> None:
    canonical = canonical_request(request_b(), NAMES)
    assert len(BODY_B) == 394
    assert hashlib.sha256(canonical.encode()).hexdigest() == (
        "15d7bcd943deb2f3b1b653498cdbad3d300acd4474dc8f866377e5e10096369d"
    )
    verify(request_b(), CALLERS, (instant(AT_B),))


def test_a_local_date_in_the_scope_fits_nothing() -> None:
    local = authorization("test-secret-id-b", "2024-01-01", SIGNED_B)
    assert refused(request_b(authorization=local), AT_B) == "AuthFailure.SignatureFailure"


def test_the_payload_may_be_left_unsigned() -> None:
    unsigned = request_a(b"anything", x_tc_content_sha256="UNSIGNED-PAYLOAD")
    digest = hashlib.sha256(b"UNSIGNED-PAYLOAD").hexdigest()
    assert canonical_request(unsigned, NAMES).endswith(digest)
    assert canonical_request(request_a(b"anything"), NAMES).endswith(
        hashlib.sha256(b"anything").hexdigest()
    )


def test_canonical_headers_are_rebuilt_from_the_signed_ones() -> None:
    request = request_a(x_tc_action="  DescribeCloudRecording ")
    names = ["content-type", "host", "x-tc-action"]
    assert "\nx-tc-action:describecloudrecording\n\ncontent-type;host;x-tc-action\n" in (
        canonical_request(request, names)
    )


@pytest.mark.parametrize("names", ["content-type", "host", "host;x-tc-action"])
def test_content_type_and_host_must_be_signed(names: str) -> None:
    text = request_a().headers["authorization"].replace("content-type;host", names)
    assert refused(request_a(authorization=text)) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize("skew", [-301, 301, 86_400])
def test_a_clock_over_five_minutes_off_has_expired(skew: int) -> None:
    assert refused(request_a(), AT_A + skew) == "AuthFailure.SignatureExpire"


@pytest.mark.parametrize("skew", [-299, 299])
def test_a_clock_within_five_minutes_will_do(skew: int) -> None:
    verify(request_a(), CALLERS, (instant(AT_A + skew),))


def test_either_of_the_emulators_clocks_will_do() -> None:
    jumped = instant(AT_A) + timedelta(days=3)
    verify(request_a(), CALLERS, (jumped, instant(AT_A)))


CHANGED = {
    "x_tc_timestamp": str(AT_A + 1),
    "host": "trtc.tencentcloudapi.com",
    "content_type": "application/json; charset=utf-8",
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_was_signed_must_be_what_came(name: str) -> None:
    assert refused(request_a(**{name: CHANGED[name]})) == "AuthFailure.SignatureFailure"


BROKEN = {
    "": "AuthFailure.InvalidAuthorization",
    "Basic dGVzdDp0ZXN0": "AuthFailure.InvalidAuthorization",
    authorization("test-secret-id-a", "2023-11-14", "ABC"): "AuthFailure.InvalidAuthorization",
    authorization("stranger", "2023-11-14", SIGNED_A): "AuthFailure.SecretIdNotFound",
    authorization("test-secret-id-a", "2023-11-15", SIGNED_A): "AuthFailure.SignatureFailure",
    authorization("test-secret-id-a", "2023-11-14", SIGNED_B): "AuthFailure.SignatureFailure",
    authorization("test-secret-id-a", "2023-11-14", SIGNED_A).replace("trtc", "cvm"): (
        "AuthFailure.SignatureFailure"
    ),
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_authorization_has_its_code(text: str) -> None:
    assert refused(request_a(authorization=text)) == BROKEN[text]


@pytest.mark.parametrize("token", ["", "another"])
def test_a_temporary_key_needs_its_token(token: str) -> None:
    assert refused(request_b(x_tc_token=token), AT_B) == "AuthFailure.TokenFailure"


@pytest.mark.parametrize("stamp", ["", "-1", "1e9", "\uff19", "1" * 40])
def test_a_timestamp_is_a_decimal_number(stamp: str) -> None:
    assert refused(request_a(x_tc_timestamp=stamp)) == "InvalidParameter"
