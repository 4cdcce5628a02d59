"""What Agora's folder offers to the rest."""

from __future__ import annotations

from longtake.vendorkit.spec import VendorSpec
from longtake.vendors.agora.adapter import AgoraRecorder
from longtake.vendors.agora.callbacks import AgoraCallbacks
from longtake.vendors.agora.files import describe, playlist_began
from longtake.vendors.agora.settings import AgoraAccount, AgoraStorage

SPEC = VendorSpec(
    slug="agora",
    title="Agora Cloud Recording",
    account=AgoraAccount,
    storage=AgoraStorage,
    recorder=AgoraRecorder,
    callbacks=AgoraCallbacks,
    describe=describe,
    playlist_began=playlist_began,
)
