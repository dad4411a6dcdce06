"""Parts that chat platforms share: text, the answering frame, the settings form, HTTP.

A platform keeps for itself what differs where it matters: threads, limits, recovery and how a
message is rendered. It provides:

- to `text`: a function that escapes for its own markup, and `mend` where a cut may split an escape;
- to `responder`: a subclass of `Responder` that knows its own kind of interaction;
- to `settings_form`: labels in its own words, and the widgets that show the options;
- to `http`: the headers and the errors of its own API.
"""
