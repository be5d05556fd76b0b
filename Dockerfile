FROM python:3.12-slim-bookworm
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
