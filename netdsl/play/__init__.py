"""`netdsl play`: a page in the browser in which a net is written, checked, drawn and trained.

page/            what the browser runs: HTML, CSS and ES modules, as they are
answers          what the page asks of the front end, as plain data; it needs no torch
checking         the front end in a process of its own, which may read one folder alone
learning         training in a process of its own, followed step by step
worker           such a process, seen from the server
session          the run that the page shows
workspace        the folder: its .net files, and nothing outside it
guard            who may ask the server
connections      how many may be open, and how long a request may take to come
application      what the server answers
server           the socket, and the browser that is opened
static/          the page without a server: the front end in the browser
"""
