"""What local-bigquery writes down of jobs, datasets, tables and their policies, kept in this process (through bigquery_emulator.py).

The emulator keeps it in tables of DuckDB's, as JSON, one row at a time. Each row that it reads or writes there is a statement that DuckDB
parses and plans, and there are dozens for one query. A dictionary has them at once. They are kept as JSON still: what was saved does not
change when the object that was saved does.
"""

import hashlib
import json

from local_bigquery.catalog import iam, metadata, row_access
from local_bigquery.engine.database import RESOURCES
from local_bigquery.jobs import store
from local_bigquery.models import Job

# By kind, then by the names that say which: a resource as JSON.
resources = {kind: {} for kind in RESOURCES}
# By the resource's path: a policy as JSON.
policies = {}
# By (project, job): the job as JSON, with what it is found by.
jobs = {}


def found(kind, names):
    """The keys whose first parts are these names."""
    records = resources[kind]
    if len(names) == len(RESOURCES[kind]):
        return [names] if names in records else []
    return [key for key in list(records) if key[: len(names)] == names]


def list_resources(model, *names):
    kind = metadata.KINDS[model]
    texts = [resources[kind].get(key) for key in found(kind, names)]
    return [model.model_validate_json(text) for text in texts if text is not None]


def save_resource(resource, *names):
    body = {k: v for k, v in resource.dump().items() if k != "etag"}
    etag = hashlib.md5(json.dumps(body, sort_keys=True).encode()).hexdigest()
    resources[metadata.KINDS[type(resource)]][names] = json.dumps(body | {"etag": etag})
    return resource.replace(etag=etag)


def delete_resources(model, *names):
    kind = metadata.KINDS[model]
    for key in found(kind, names):
        resources[kind].pop(key, None)
    collections = [metadata.COLLECTIONS[key] for key in RESOURCES[kind]]
    path = "".join(f"{collection}/{name}/" for collection, name in zip(collections, names))
    path += "".join(f"{collection}/" for collection in collections[len(names) : len(names) + 1])
    for resource in [resource for resource in list(policies) if f"{resource}/".startswith(path)]:
        policies.pop(resource, None)


def secured():
    return frozenset(key[:3] for key in list(resources["row_access_policies"]))


def find_policy(_sql, params):
    text = policies.get(params[0])
    return [] if text is None else [(text,)]


def save_policy(_sql, params):
    resource, text = params
    policies[resource] = text


def save_job(job):
    key = (job.jobReference.projectId, job.jobReference.jobId)
    found_by = (job.statistics.parentJobId, job.status.state, int(job.statistics.creationTime))
    jobs[key] = (*found_by, json.dumps(job.dump()))
    return job


def load_job(project_id, job_id):
    kept = jobs.get((project_id, job_id))
    return Job.model_validate_json(kept[-1]) if kept else None


def list_jobs(project_id, states=None, parent_job_id=None, min_creation_time=None, max_creation_time=None):
    listed = []
    for (project, job_id), (parent, state, created, text) in list(jobs.items()):
        if project != project_id or parent != parent_job_id or (states is not None and state not in states):
            continue
        if min_creation_time is not None and created < min_creation_time:
            continue
        if max_creation_time is not None and created > max_creation_time:
            continue
        listed.append((-created, job_id, text))
    return [Job.model_validate_json(text) for _, _, text in sorted(listed)]


def delete_job(project_id, job_id):
    for key, (parent, *_) in list(jobs.items()):
        if key[0] == project_id and job_id in (key[1], parent):
            jobs.pop(key, None)


metadata.list_, metadata.save, metadata.delete = list_resources, save_resource, delete_resources
row_access.secured = secured
iam.fetch, iam.execute = find_policy, save_policy
store.save, store.load, store.list_, store.delete = save_job, load_job, list_jobs, delete_job
