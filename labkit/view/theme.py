"""Colours and lines of everything on screen, as CSS.

Colours are names with a light and a dark set: JupyterLab's theme decides where there is one, else the
system's setting. Every difference that a colour shows is also a shape, a dash or a word. Blue and
orange stay apart in all common kinds of colour blindness (Okabe and Ito, Color Universal Design, 2008).
"""

_LIGHT = (
    "--bg:#ffffff;--machine:#f4f6f8;--ns:#ffffff;--chip:#ffffff;--ink:#1a1f24;--soft:#56616b;--line:#8a949e;--bridge:#e3eef8;"
    "--tunnel:#fbeedb;--program:#f0e8f7;--routing:#eceff2;--req:#005a9c;--ans:#a83f00;--err:#a4243b;--mark:#ffffff"
)
_DARK = (
    "--bg:#16191d;--machine:#1e2329;--ns:#262c33;--chip:#16191d;--ink:#eef2f5;--soft:#b4bec8;--line:#808b96;--bridge:#1c3a55;"
    "--tunnel:#4a3513;--program:#3b2a4d;--routing:#343b43;--req:#6cb8f5;--ans:#ffab66;--err:#ff8a9a;--mark:#16191d"
)

THEME = (
    f".labkit{{{_LIGHT}}}@media (prefers-color-scheme:dark){{.labkit{{{_DARK}}}}}"
    f"[data-jp-theme-light=true] .labkit{{{_LIGHT}}}[data-jp-theme-light=false] .labkit{{{_DARK}}}"
)

PICTURE = """
.labkit text{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:11px;fill:var(--ink)}
.labkit .name{font-weight:600}.labkit .soft{fill:var(--soft)}.labkit .bad{fill:var(--err);font-weight:600}
.labkit rect{stroke:var(--line);stroke-width:1}.labkit .machine{fill:var(--machine)}.labkit .namespace{fill:var(--ns)}
.labkit .interface,.labkit .socket{fill:var(--chip)}.labkit .bridge,.labkit .switch{fill:var(--bridge)}
.labkit .tunnel{fill:var(--tunnel)}.labkit .program{fill:var(--program)}.labkit .routing{fill:var(--routing)}
.labkit .more{fill:none;stroke:none}
.labkit rect.on{stroke:var(--ink);stroke-width:2}.labkit rect.off{stroke-dasharray:4 3}
.labkit rect.changed{stroke:var(--ans);stroke-width:3;stroke-dasharray:2 2}.labkit rect.now{stroke:var(--req);stroke-width:4}
.labkit polyline,.labkit path{fill:none;stroke-linejoin:round}.labkit .wire{stroke:var(--line);stroke-width:1.5}
.labkit .wire.down{stroke-dasharray:3 4}.labkit .stack,.labkit .held,.labkit .via{stroke-dasharray:1 3}
.labkit :is(.request,.in){stroke:var(--req);stroke-width:3}
.labkit :is(.answer,.out){stroke:var(--ans);stroke-width:3;stroke-dasharray:7 4}
.labkit .error{stroke:var(--err);stroke-width:3;stroke-dasharray:2 3}
.labkit .before{stroke:var(--soft);stroke-width:6;stroke-opacity:.4}
.labkit :is(.request,.in).head{fill:var(--req);stroke:none}.labkit :is(.answer,.out).head{fill:var(--ans);stroke:none}
.labkit .error.head{fill:var(--err);stroke:none}.labkit .crossed{stroke:var(--err);stroke-width:1.5}
.labkit circle{fill:var(--req)}.labkit circle.lost{fill:var(--err)}
.labkit text.sign{fill:var(--mark);font-size:9px;font-weight:700;text-anchor:middle}
.labkit .label{fill:var(--req);stroke:none}.labkit text.label{fill:var(--mark);font-weight:600;text-anchor:middle}
"""

#: Text beside a picture: tables, sentences, headers.
PAGE = """
.labkit.page{color:var(--ink);background:var(--bg);font-size:13px;line-height:1.45;padding:6px 10px;border-radius:6px}
.labkit.page :is(code,pre,table){font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:12px}
.labkit.page table{border-collapse:collapse;margin:4px 0}.labkit.page p{margin:4px 0}
.labkit.page :is(th,td){text-align:left;padding:2px 8px;border:1px solid var(--line);color:var(--ink);background:var(--chip)}
.labkit.page tr.won td{background:var(--bridge);font-weight:600}.labkit.page tr.lost td{color:var(--soft)}
.labkit.page .bad{color:var(--err);font-weight:600}.labkit.page .soft{color:var(--soft)}
.labkit.page .good{color:var(--req);font-weight:600}
.labkit.page .ours{color:var(--req);font-weight:700;text-decoration:underline}
.labkit-scroll{overflow-x:auto}.labkit-scroll svg.labkit{max-width:max(100%,var(--least))!important}
.labkit.page pre{margin:4px 0;white-space:pre-wrap;background:none;color:var(--ink)}
"""
