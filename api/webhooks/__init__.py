"""Events sent to other systems: https to addresses that may be asked, signed, tried again for three days.

webhook_url       what an address must look like, and which one a name stands for, asked once
event_signatures  the three headers of Standard Webhooks
posting           one request over TLS to one address; nothing of it is followed
event_messages    what is sent: which event, never a fact
sending_times     when what has failed is tried again
pauses            which endpoints rest, since they take nothing
name_lookups      what names stand for, each asked for in a thread of its own
sender            the task that sends what is due
"""
