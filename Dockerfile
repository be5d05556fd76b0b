# Two images: `embedded`, the last and so the one that is built unasked, and `zoekt` with the programs of that engine.
FROM golang:1.26-bookworm AS zoekt-programs
ARG ZOEKT_REVISION=c4d8f3537f7a67423835d8cf6b0e1d13e68e0b4c
ENV CGO_ENABLED=0 GOBIN=/out
RUN go install "github.com/sourcegraph/zoekt/cmd/zoekt-webserver@$ZOEKT_REVISION" \
    "github.com/sourcegraph/zoekt/cmd/zoekt-git-index@$ZOEKT_REVISION"

FROM python:3.12-slim-bookworm AS portal
RUN apt-get update \
    && apt-get install -y --no-install-recommends git openssh-client universal-ctags \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 portal \
    && install -d -o portal -g portal /data
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
ENV PORTAL_DATA_DIR=/data PORTAL_BIND=0.0.0.0:8000 PYTHONUNBUFFERED=1
USER portal
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "-c", "python:innersource_portal.gunicorn", "innersource_portal.wsgi"]

FROM portal AS zoekt
COPY --from=zoekt-programs /out/ /usr/local/bin/

FROM portal AS embedded
