"""The bodies of Agora's calls, by the names that travel.

Requests are checked before they are sent: the service accepts a start with bad values and
fails it later without saying why. Replies are forgiven whatever can be understood.
"""
