"""`netdsl play --static`: the page without a server, as a folder that any web server can hold.

The front end runs in the browser, in Pyodide. There, whatever stands below torch is all that is needed: netdsl's lower
floors, lark and pluggy.

folder            writes the folder
pyodide_package   Pyodide, from its npm package
make.mjs          run by node: starts Pyodide, and has it pack and try the front end
packing           run in Pyodide: what is needed of Python and netdsl, as bytecode
front_end         run in Pyodide: answers the page
page/             what the browser runs besides the files of `netdsl/play/page`, or instead of them
"""
