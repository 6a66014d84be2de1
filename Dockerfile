# The bot alone; its database and files are in /data, everything else can be read-only.
# Together with PostgreSQL it is in compose.yaml; alone, with SQLite:
#   docker build -t doithoai . && docker run -e TELEGRAM_BOT_TOKEN -v doithoai:/data doithoai

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt ./
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY bot bot
COPY handlers handlers
COPY documents documents
COPY conference conference
COPY storage storage
COPY config config
RUN /venv/bin/python -m compileall -q .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin doithoai \
    && install -d -o doithoai -m 700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH="/venv/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data LOG_FORMAT=json HEALTH_PORT=8091 MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /app
USER doithoai
VOLUME /data
STOPSIGNAL SIGTERM
# Live, and ready: updates come in and the database answers.
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client as h, os; c = h.HTTPConnection('127.0.0.1', int(os.environ['HEALTH_PORT']), 8); c.request('GET', '/health'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
