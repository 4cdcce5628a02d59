"""The bodies of SparkRTC's recording calls: requests checked by its rules, answers forgiven.

The wire's names are ours as they stand (`record_param`), so that errors carry them too.
"""
