"""Our bodies have the fields of the vendor's own client: all of them, and no other."""

from __future__ import annotations

import re
import warnings
from importlib import import_module

import pytest
from pydantic import BaseModel

from longtake.vendors.huawei.templates import TEMPLATES
from longtake.vendors.huawei.wire import jobs, mixing, rules

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the vendor's own affair
    official = import_module("huaweicloudsdkcloudrtc.v2")

PARTS: list[tuple[type[BaseModel], str, set[str]]] = [
    (jobs.IndividualJob, "IndividualStreamJobReq", {"publish_param"}),  # in the texts only
    (jobs.IndividualUpdate, "UpdateIndividualJobReq", set()),
    (jobs.MixJob, "MixJobReq", set()),
    (jobs.MixUpdate, "UpdateMixJobReq", set()),
    (jobs.RecordParam, "RecordParam", set()),
    (mixing.MixParam, "MixParam", set()),
    (mixing.UpdateMixParam, "UpdateMixParam", set()),
    (mixing.Pane, "MixLayoutPane", set()),
    (mixing.UserImage, "MixUserBackgroundImage", set()),
    (rules.RecordRule, "RecordRuleReq", set()),
    (rules.ObsAddr, "RecordObsFileAddr", set()),
    (rules.HlsConfig, "HLSRecordConfig", set()),
    (rules.Mp4Config, "MP4RecordConfig", set()),
]


@pytest.mark.parametrize(("model", "name", "extra"), PARTS, ids=[name for _, name, _ in PARTS])
def test_fields_are_those_of_the_vendor_s_own_client(
    model: type[BaseModel], name: str, extra: set[str]
) -> None:
    assert set(model.model_fields) ^ set(getattr(official, name).attribute_map) == extra


def test_every_encoding_is_one_that_the_vendor_s_own_client_knows() -> None:
    text = official.MixParam.__init__.__doc__
    ours = {f"{width}*{height}_{fps}_{kbps}" for width, height, fps, kbps in TEMPLATES}
    assert set(re.findall(r"\d+\*\d+_\d+_\d+", text)) == ours
