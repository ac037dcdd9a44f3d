"""The hub's settings: those of classroom/hub/values.yaml, as far as a hub without Kubernetes has them.

The rest comes from lecture.py by environment variables that begin with LOAD_.
"""

import os
from pathlib import Path

import yaml

values = yaml.safe_load(Path(os.environ["LOAD_VALUES"]).read_text(encoding="utf-8"))
homes = os.environ["LOAD_HOMES"]

c = get_config()  # type: ignore[name-defined]  # noqa: F821
for section, settings in values["hub"]["config"].items():
    c[section].update(settings)
c.JupyterHub.concurrent_spawn_limit = values["hub"]["concurrentSpawnLimit"]
c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['LOAD_PORT']}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{os.environ['LOAD_HUB_PORT']}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{os.environ['LOAD_PROXY_PORT']}"
c.ConfigurableHTTPProxy.command = [os.environ["LOAD_PROXY"]]

c.JupyterHub.spawner_class = "simple"  # every server under the one user who started the hub
c.SimpleLocalProcessSpawner.home_dir_template = f"{homes}/{{username}}"
# Without containers all share one set of ports: with the five that each kernel takes, two of 20 that start at once are
# now and then given the same, and one of them fails. classroom/README.md says the same for The Littlest JupyterHub.
c.Spawner.args = ["--allow-root", "--KernelManager.transport=ipc"]
c.Spawner.default_url = values["singleuser"]["defaultUrl"]
c.Spawner.start_timeout = c.Spawner.http_timeout = values["singleuser"]["startTimeout"]
c.Spawner.env_keep = ["PATH", "LANG", "LC_ALL", "LOAD_RUN"]
c.Spawner.environment = dict(values["singleuser"]["extraEnv"])
# In the cluster the image names this folder to Python (values.yaml, at `image`); here each student has another.
c.Spawner.environment["PYTHONPATH"] = lambda spawner: f"{homes}/{spawner.user.name}/backprop-notebooks"
# Where those kernels have their sockets, whose paths may have 107 letters and no more.
c.Spawner.environment["JUPYTER_RUNTIME_DIR"] = lambda spawner: f"{homes}/{spawner.user.name}/run"
