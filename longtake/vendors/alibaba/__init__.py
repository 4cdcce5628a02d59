"""Alibaba Cloud RTC cloud recording."""
