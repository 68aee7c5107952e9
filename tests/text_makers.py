"""What makes texts: the calls whose literals people read, which must be whole, and which catalogues translate."""

import re

MAKERS = re.compile(
    r"Refusal|Undetermined|(?!AttributeError)\w*Error|Interrupted|PeerLost|ReportedElsewhere|UnsupportedModule|CallFailed|UnknownName"
    r"|NameRefused|WrongPath|Unusable|Unwritable|UsageError|BadParameter|Fix|Label|Diagnostic|Problem|SyntaxFault|Repair"
    r"|report|warn|note|echo|fail"
)
"""Calls that are given texts for people to read."""

PROGRAMS = {
    "__init__.py": "an error in Python's own words",
    "builtins/torchvision_weights.py": "statements of the language, in fixes",
    "lints/rules/size_of_pretraining.py": "statements of the language, in fixes",
    "builtins/layers/composite.py": "statements of the language, in bodies that a rule writes",
    "checker/experiment/input_line.py": "statements of the language, in fixes",
    "checker/experiment/net_output.py": "statements of the language, in fixes",
    "drawing/dot.py": "a graph of graphviz",
    "drawing/html.py": "HTML",
    "drawing/mermaid.py": "a graph of Mermaid",
    "drawing/svg.py": "SVG",
    "drawing/tikz.py": "LaTeX",
    "render/html.py": "HTML",
    "training/reporting/run_html.py": "SVG",
    "editor/rewritings.py": "statements of the language",
    "export/python": "Python code",
    "importer": "statements of the language",
    "language/formatter.py": "statements of the language",
    "testing": "assertions, for the author of a plugin",
    "training/__init__.py": "an error in Python's own words",
    "inside/page.py": "HTML",
    "reports": "HTML and SVG",
    "play/static/folder.py": "HTML and JavaScript",
    "modules": "what `repr` shows of a module, as torch writes it",
}
"""Where f-strings write programs and not texts: only what is raised there is a text."""
