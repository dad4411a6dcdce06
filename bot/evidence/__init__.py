"""Evidence for and against a surface, from each source, and how it is added up.

Pure. The official page outweighs everything; probes, people's reports and the team's own traffic
can raise a verdict to *suspected*, never to an outage, and never lower what the page says.
"""
