"""How sections look where the style sheet of the reports is not: in a notebook and in the app."""

from __future__ import annotations

STYLE = """
.outcomes { font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
            color: #1f2933; max-width: 80rem; }
.outcomes table { border-collapse: collapse; width: 100%; font-size: .95em; line-height: 1.35;
                  font-variant-numeric: tabular-nums; margin: .4rem 0; }
.outcomes caption { text-align: left; font-weight: 600; padding-bottom: .3rem; color: #1f2933; }
.outcomes th, .outcomes td { text-align: left; vertical-align: middle; padding: .3rem .7rem .3rem 0;
                             white-space: normal; }
.outcomes thead th { border-bottom: 1.5px solid #1f2933; color: #52606d; }
.outcomes tbody th { font-weight: 400; }
.outcomes tbody tr { border-bottom: 1px solid #cbd2d9; }
.outcomes th.number, .outcomes td.number { text-align: right; padding-right: 0; }
.outcomes .piece, .outcomes .chart, .outcomes td.pain { white-space: nowrap; }
.outcomes .why { width: 37%; }
.outcomes .ask { width: 29%; }
.outcomes tr.quiet { color: #52606d; }
.outcomes .loud { color: #a30000; }
.outcomes .scroll { overflow-x: auto; }
.outcomes figure { margin: .4rem 0; }
.outcomes figure img { width: 100%; max-width: 56rem; height: auto; display: block; }
.outcomes figcaption { font-weight: 600; margin-bottom: .2rem; line-height: 1.3; }
.outcomes .how-to-read, .outcomes .beware { display: block; font-weight: 400; font-size: .85em; }
.outcomes .how-to-read, .outcomes .footnotes { color: #52606d; }
.outcomes .footnotes { font-size: .9em; }
.outcomes .beware { border-left: .3rem solid #b45f06; padding-left: .7rem; }
.outcomes .absent { border: 1px dashed #7b8794; padding: .1rem 1rem; }
.outcomes h3 { font-size: 1.25em; margin: .4rem 0 .1rem; }
.outcomes p { margin: .3rem 0; }
.outcomes .check { font-weight: 600; }
.outcomes .check::before { content: "Check: "; color: #a30000; }
.outcomes-old { box-shadow: -.35rem 0 0 #cbd2d9; cursor: progress; }
@media (max-width: 60rem) { .outcomes table { font-size: .85em; } }
@media (min-width: 48rem) { .outcomes .board .wide { grid-column: span 2; } }
"""
