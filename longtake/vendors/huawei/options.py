"""`vendor_options` of a request to SparkRTC: what its API has and the neutral model has not."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, field_validator

from longtake.domain.layout import User
from longtake.domain.model import Asked
from longtake.domain.recording import RecordingRequest
from longtake.vendors.huawei.wire.fields import (
    MAX_LAYERS,
    EncodeTemplate,
    ObsImage,
    RtmpUrl,
    StreamTier,
)


class UserImage(Asked):
    """Shown while the user sends no video."""

    user: User
    image: ObsImage


class HuaweiOptions(Asked):
    """The options; which go with which request is checked by `broken_rules`."""

    video_type: Literal["camera", "screen"] = "camera"
    """Which stream of the user an individual job records."""
    stream_type: StreamTier = "FHD"
    """The resolution pulled of a user who sends several."""
    audio_only_individual: StrictBool = False
    """Record one user's sound alone, though the texts disagree on how that is asked for."""
    rtmp_urls: tuple[RtmpUrl, ...] = ()
    """Push the user's stream there as well; not in the vendor's own client any more."""

    encode_template: EncodeTemplate | None = None
    """Instead of a canvas; sent as it stands."""
    users: Annotated[tuple[User, ...], Field(max_length=MAX_LAYERS)] = ()
    """For whom panes are drawn, in order: a drawn pane shows a user by name."""
    unnamed_panes: StrictBool = False
    """Draw panes for nobody yet; whom the service seats there is not documented."""
    changeable_layout: StrictBool = False
    """Draw every layout, because a running job goes from one custom layout to another only."""
    screen_users: Annotated[tuple[User, ...], Field(max_length=MAX_LAYERS)] = ()
    """Whose shared screen is shown where else the camera would be."""
    screen_of: Literal["main", "anyone"] = "main"
    """Whose screen a `screen_share` shows large: its main user's, or whoever shares one."""
    screen_stream: Literal["screen", "camera"] = "screen"
    """Which stream of its main user a `screen_share` shows large."""
    main_align: Literal["left", "right"] = "left"
    """Where `speaker` and `screen_share` have their large view."""
    background_image: ObsImage | None = None
    user_image: ObsImage | None = None
    """For users without video who have none of their own."""
    screen_image: ObsImage | None = None
    """For the large view, while no screen is shared."""
    user_images: Annotated[tuple[UserImage, ...], Field(max_length=MAX_LAYERS)] = ()

    @field_validator("users", "screen_users")
    @classmethod
    def _different(cls, users: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(users)) < len(users):
            raise ValueError("must name a user once")
        return users

    def broken_rules(self, request: RecordingRequest) -> list[str]:
        """Each rule with its path that the options break together with the request."""
        mode, media = request.mode, request.media
        given = [name for name in type(self).model_fields if self._differs(name)]
        rules = [
            f"{name}: belongs to mode {_MODES[name]}, not to {mode}"
            for name in given
            if _MODES[name] != mode
        ]
        if media == "audio":
            rules += [f"{n}: media 'audio' has no picture" for n in given if n not in _HEARD]
        elif self.audio_only_individual:
            rules.append(f"audio_only_individual: media is {media!r}, not 'audio'")
        if self.encode_template is not None and request.canvas is not None:
            rules.append("encode_template: stands instead of canvas, leave that out")
        if self.changeable_layout and not (self.users or self.unnamed_panes):
            rules.append("changeable_layout: draws panes: list users, or set unnamed_panes")
        if self.screen_of == "anyone" and self.changeable_layout:
            rules.append("screen_of: a changeable_layout shows the screen of its main user only")
        if self.screen_of == "anyone" and self.screen_stream == "camera":
            rules.append("screen_of: 'anyone' has no camera: leave screen_stream out")
        return rules

    def _differs(self, name: str) -> bool:
        return getattr(self, name) != type(self).model_fields[name].default


_HEARD = frozenset({"audio_only_individual", "rtmp_urls"})
"""What has an effect where no picture is recorded."""
_MODES = {
    name: "individual"
    if name in {"video_type", "stream_type", "audio_only_individual", "rtmp_urls"}
    else "mixed"
    for name in HuaweiOptions.model_fields
}
