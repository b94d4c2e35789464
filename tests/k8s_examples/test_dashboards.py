"""Grafana's files, as far as they can be read without Grafana: it is provisioned with them."""

from __future__ import annotations

import json

import yaml

from tests.k8s_examples.examples import DASHBOARDS, EXAMPLES, built

GRAFANA = EXAMPLES / "monitoring/grafana"


def test_every_panel_and_variable_asks_the_data_source_that_is_provisioned() -> None:
    (source,) = yaml.safe_load((GRAFANA / "datasources.yaml").read_text())["datasources"]
    for path in DASHBOARDS:
        dashboard = json.loads(path.read_text())
        variables = dashboard["templating"]["list"]
        chosen = {
            f"${{{item['name']}}}": item["current"]["value"]
            for item in variables
            if item["type"] == "datasource" and item["query"] == source["type"]
        }
        for item in (*dashboard["panels"], *variables):
            if item["type"] != "datasource":
                asked = item["datasource"]
                assert asked["type"] == source["type"]
                assert chosen.get(asked["uid"], asked["uid"]) == source["uid"]


def test_every_dashboard_has_an_identity_of_its_own_that_no_import_changes() -> None:
    found = [json.loads(path.read_text()) for path in DASHBOARDS]
    assert len({dashboard["uid"] for dashboard in found}) == len(DASHBOARDS)
    assert all(dashboard.get("id") is None for dashboard in found)


def test_every_dashboard_is_mounted_where_the_provider_looks() -> None:
    documents = built(GRAFANA)
    (provider,) = yaml.safe_load((GRAFANA / "dashboards.yaml").read_text())["providers"]
    (workload,) = [item for item in documents if item["kind"] == "Deployment"]
    spec = workload["spec"]["template"]["spec"]
    mounts = {item["mountPath"]: item["name"] for item in spec["containers"][0]["volumeMounts"]}
    volumes = {item["name"]: item for item in spec["volumes"]}
    name = volumes[mounts[provider["options"]["path"]]]["configMap"]["name"]
    (config,) = [item for item in documents if item["metadata"]["name"] == name]
    assert set(config["data"]) == {path.name for path in DASHBOARDS}


def test_the_data_source_is_the_prometheus_beside_it() -> None:
    (source,) = yaml.safe_load((GRAFANA / "datasources.yaml").read_text())["datasources"]
    (service,) = [
        item for item in built(EXAMPLES / "monitoring/prometheus") if item["kind"] == "Service"
    ]
    name, port = service["metadata"]["name"], service["spec"]["ports"][0]["port"]
    assert source["url"] == f"http://{name}:{port}"
