# Makes sekisho.json of panels.json: `jq -f dashboard.jq panels.json > sekisho.json`.
# Panels stand two in a line, below the title of their row; `$these` stands for the
# instances that are chosen.

def source: {type: "prometheus", uid: "${datasource}"};
def these: gsub("\\$these"; "job=~\"$job\", instance=~\"$instance\"") | gsub("'"; "\"");

def target($number): {
  datasource: source, refId: ([65 + $number] | implode), expr: (.expr | these),
  legendFormat: .legend, editorMode: "code", range: true
};

def panel($x; $y): {
  type: "timeseries", title, description, datasource: source,
  gridPos: {x: $x, y: $y, w: 12, h: 8},
  targets: [.queries | to_entries[] | .key as $number | .value | target($number)],
  fieldConfig: {
    defaults: {
      unit, custom: {drawStyle: "line", lineWidth: 1, fillOpacity: 10, showPoints: "never", spanNulls: false}
    },
    overrides: []
  },
  options: {
    legend: {displayMode: "table", placement: "bottom", showLegend: true, calcs: ["lastNotNull", "max"]},
    tooltip: {mode: "multi", sort: "desc"}
  }
};

def row($y): {type: "row", title: .row, collapsed: false, gridPos: {x: 0, y: $y, w: 24, h: 1}, panels: []};

def lines: (.panels | length + 1) / 2 | floor;

def query_variable($name; $title; $query): {
  type: "query", name: $name, label: $title, datasource: source,
  query: {query: $query, refId: "variable"}, refresh: 2, sort: 1,
  includeAll: true, allValue: ".+", multi: true, current: {text: "All", value: "$__all"}
};

reduce .[] as $row ({y: 0, panels: []};
  .y as $y
  | .panels += [$row | row($y)]
  | .panels += [$row.panels | to_entries[] | .key as $n | .value | panel(12 * ($n % 2); $y + 1 + 8 * ($n / 2 | floor))]
  | .y += 1 + 8 * ($row | lines))
| [.panels | to_entries[] | .key as $number | .value + {id: ($number + 1)}] as $panels
| {
  uid: "sekisho", title: "Sekisho", description: "Sign-ins, refreshes, revocations, and what they rest on.",
  tags: ["sekisho"], schemaVersion: 39, version: 1, editable: true, graphTooltip: 1, timezone: "browser",
  refresh: "1m", time: {from: "now-6h", to: "now"}, links: [], annotations: {list: []},
  templating: {list: [
    {type: "datasource", name: "datasource", label: "Data source", query: "prometheus", regex: "", refresh: 1,
     includeAll: false, multi: false},
    query_variable("job"; "Job"; "label_values(sekisho_build_info, job)"),
    query_variable("instance"; "Instance"; "label_values(sekisho_build_info{job=~\"$job\"}, instance)")
  ]},
  panels: $panels
}
