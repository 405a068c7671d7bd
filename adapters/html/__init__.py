"""The page of a training set: one HTML file with its report, plan and lineage, by Jinja.

`page.html` and `page.css` have all that is seen; `charts` and `lineage_drawing` draw.
"""
