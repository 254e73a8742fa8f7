//! The chart in the README: horizontal bars of the first Python's medians, as SVG, for light and dark backgrounds.

use std::fmt::Write as _;

use crate::comparison::contest::Outcome;
use crate::comparison::report::{Finished, Results};

/// The groups that are drawn, and their titles.
const PANELS: [(&str, &str); 4] = [
    ("with-pip", "With pip"),
    ("cold", "With pip, nothing cached"),
    ("first-install", "With pip, and a first pip install"),
    ("without-pip", "Without pip"),
];

/// Differences that the bars do not show.
const FAIRNESS: &str = "uv uses hard links; uv and virtualenv write no .pyc files.";

const WIDTH: f64 = 760.0;
/// The left end of the bars.
const LEFT: f64 = 200.0;
/// The length of the longest bar.
const LONGEST: f64 = 460.0;
const BAR: f64 = 18.0;
const ROW: f64 = 26.0;

const STYLE: &str = "
text { font-family: 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif; font-size: 13px; fill: #1f2328 }
.title { font-weight: 600; font-size: 14px }
.note { font-size: 11px; fill: #59636e }
.own { font-weight: 600 }
rect.own { fill: #d9730d }
rect.floor { fill: #c4ccd4 }
rect.rival { fill: #6e8bb0 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note { fill: #9198a1 }
  rect.own { fill: #f0883e }
  rect.floor { fill: #4a525b }
  rect.rival { fill: #5f7fa8 }
}
";

/// Draws the first Python's groups.
pub fn draw(results: &Results) -> String {
    let mut body = String::new();
    let mut y = 10.0;
    let Some(first) = results.groups.first() else { return String::new() };
    for (name, title) in PANELS {
        let is_it = |group: &&Finished| group.name == name && group.python.path == first.python.path;
        if let Some(group) = results.groups.iter().find(is_it) {
            y = panel(&mut body, group, title, y);
        }
    }
    let note =
        format!("Medians, {}. Shorter is faster. Each group has its own scale. {FAIRNESS}", first.python.title());
    let _ = writeln!(body, r#"<text class="note" x="10" y="{:.0}">{}</text>"#, y + 14.0, escape(&note));
    let height = y + 28.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" width=\"{WIDTH:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"{}\">\n<style>{STYLE}</style>\n{body}</svg>\n",
        escape(&note)
    )
}

/// Draws a group from `y` downwards and returns where it ends.
fn panel(body: &mut String, group: &Finished, title: &str, y: f64) -> f64 {
    // The warm run in the cold group is only there for a goal.
    let is_drawn = |outcome: &&Outcome| !outcome.name.ends_with(", warm");
    let bars: Vec<(&Outcome, f64)> =
        group.outcomes.iter().filter(is_drawn).filter_map(|outcome| Some((outcome, outcome.summary?.median))).collect();
    let longest = bars.iter().map(|(_, median)| *median).fold(0.0, f64::max);
    let _ = writeln!(body, r#"<text class="title" x="10" y="{:.0}">{}</text>"#, y + 14.0, escape(title));
    let mut y = y + 26.0;
    for (outcome, median) in bars {
        let length = (median / longest * LONGEST).max(1.0);
        let kind = kind(outcome.name);
        let middle = y + BAR / 2.0 + 4.5;
        let name = escape(outcome.name);
        let _ = writeln!(
            body,
            r#"<text class="{kind}" x="{:.0}" y="{middle:.1}" text-anchor="end">{name}</text>"#,
            LEFT - 8.0
        );
        let _ =
            writeln!(body, r#"<rect class="{kind}" x="{LEFT}" y="{y}" width="{length:.1}" height="{BAR}" rx="2"/>"#);
        let _ = writeln!(
            body,
            r#"<text class="{kind}" x="{:.1}" y="{middle:.1}">{}</text>"#,
            LEFT + length + 6.0,
            time(median)
        );
        y += ROW;
    }
    y + 12.0
}

fn kind(name: &str) -> &'static str {
    match name {
        _ if name.starts_with("rvenv") => "own",
        _ if name.starts_with("floor") => "floor",
        _ => "rival",
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        ..0.01 => format!("{:.1} ms", seconds * 1000.0),
        0.01..1.0 => format!("{:.0} ms", seconds * 1000.0),
        _ => format!("{seconds:.2} s"),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
