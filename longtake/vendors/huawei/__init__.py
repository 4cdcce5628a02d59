"""Huawei Cloud RTC recording jobs."""
