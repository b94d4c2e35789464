"""One configuration in both languages, and a log that meets every rule of it."""

from __future__ import annotations

from pathlib import Path

FORMAT = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" $request_length $request_time $upstream_response_time '
    "$upstream_connect_time"
)
QUOTED = FORMAT.replace('"', '\\"')

HCL = f"""
# A comment, // another and /* a third */
listen {{
  port = 14040
  address = "127.0.0.1"
  metrics_endpoint = "/custom"
}}
namespace "shop" {{
  source = {{ files = ["FILE"] }} // an object
  format = "{QUOTED}"
  labels {{ app = "shop" }}
  histogram_buckets = [.005, 0.05, 5e-1, 1, 5,]
  relabel "user" {{ from = "remote_user", whitelist = ["-", "alice"] }}
  relabel "path" {{
    from = "request"
    split = 2
    only_counter = true
    match "^/users/([0-9]+)/(\\\\w+)" {{ replacement = "/users/:id/$2" }}
    match "^/static/.*" {{ replacement = "/static" }}
  }}
  relabel "agent" {{ from = "http_user_agent" split = 1 separator = "/" }}
}}
namespace "blog" {{
  source {{
    files = ["FILE"]
  }}
  format = "{QUOTED}"
  metrics_override = {{ prefix = "web" }}
  namespace_label = "vhost"
}}
"""
YAML = f"""
listen: {{port: 14040, address: 127.0.0.1, metrics_endpoint: /custom}}
namespaces:
  - name: shop
    source: {{files: [FILE]}}
    format: "{QUOTED}"
    labels: {{app: shop}}
    histogram_buckets: [.005, 0.05, 5e-1, 1, 5]
    relabel_configs:
      - {{target_label: user, from: remote_user, whitelist: ["-", alice]}}
      - target_label: path
        from: request
        split: 2
        only_counter: true
        matches:
          - {{regexp: '^/users/([0-9]+)/(\\w+)', replacement: /users/:id/$2}}
          - {{regexp: ^/static/.*, replacement: /static}}
      - {{target_label: agent, from: http_user_agent, split: 1, separator: /}}
  - name: blog
    source_files: [FILE]
    format: "{QUOTED}"
    metrics_override: {{prefix: web}}
    namespace_label: vhost
"""
LINES = [
    f'10.0.0.{at} - {user} [24/Nov/2026:15:27:44 +0000] "{request}" {status} {size} "-" "{agent}" '
    f"{90 + at} {time} {upstream} {upstream}"
    for at, (user, request, status, size, agent, time, upstream) in enumerate(
        [
            ("-", "GET /users/12/posts?q=1 HTTP/1.1", 200, 512, "curl/8.1", "0.004", "0.003"),
            ("alice", "POST /users/7/about HTTP/1.1", 201, 0, "Mozilla/5.0 (X11)", "0.050", "-"),
            ("bob", "GET /static/a/b.css HTTP/2.0", 304, 0, "curl/8.1", "7.1", "-"),
            ("-", "PROPFIND /dav HTTP/1.1", 405, 150, "-", "1", "0.999"),
            ("-", "GET /unknown HTTP/1.1", 500, 170, "", "0.250", "0.2"),
            ("-", "GET", 400, 150, "x", "0", "-"),
            ("-", "", 408, 0, "-", "60.001", "-"),
            ("alice", "GET /users/12/posts HTTP/1.1", 200, 77, "curl/8.1", "0.005", "0.003"),
        ]
    )
]
STRAYS = ["a line that fits no format", ""]


def written(folder: Path, text: str, suffix: str, log: Path) -> str:
    """Write a configuration and return its path."""
    path = folder / f"exporter.{suffix}"
    path.write_text(text.replace("FILE", str(log)))
    return str(path)
