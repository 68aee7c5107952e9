"""What makes texts: the calls whose literals people read, which must be whole, and which catalogues translate."""

import re

MAKERS = re.compile(
    r"Refusal|Undetermined|(?!AttributeError)\w*Error|Interrupted|PeerLost|ReportedElsewhere|UnsupportedModule|CallFailed|UnknownName"
    r"|NameRefused|WrongPath|Unusable|Unwritable|UsageError|BadParameter|Fix|Label|Diagnostic|Problem|SyntaxFault|Repair"
    r"|report|warn|note|echo|fail"
)
"""Calls that are given texts for people to read."""
