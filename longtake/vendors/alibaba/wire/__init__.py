"""What Alibaba's recording operations are told and answer: requests checked, answers forgiven.

Requests are built with the wire's own names (`RecordParams`), so that errors carry them too. They
travel in the query, not in a body: `requests.Request.parameters`.
"""
