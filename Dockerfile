# Gehoor as one image, for web, worker, beat and the commands.
FROM python:3.11-slim-bookworm AS build
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /app
COPY pyproject.toml uv.lock ./
# With what S3-compatible storage needs, for where S3_BUCKET names some.
RUN uv sync --frozen --no-dev --extra s3

FROM python:3.11-slim-bookworm
# Pango draws the text of letters.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --create-home gehoor \
 && install -d -o gehoor -g gehoor /srv/gehoor/media /srv/gehoor/ledger /srv/gehoor/metrics /srv/gehoor/var
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY . .
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    VAR_DIR=/srv/gehoor/var MEDIA_ROOT=/srv/gehoor/media ERASURE_LEDGER=/srv/gehoor/ledger/erasures.jsonl HISTORY_HEADS=/srv/gehoor/ledger/history-heads.jsonl METRICS_FOLDER=/srv/gehoor/metrics \
    STATIC_ROOT=/app/static-collected WEB_BIND=0.0.0.0:8000
# Collecting needs settings that hold together, but none of the real ones.
RUN ENVIRONMENT=production SECRET_KEY=$(python -c "import secrets; print(secrets.token_urlsafe(50))") \
    ALLOWED_HOSTS=build.invalid SITE_URL=https://build.invalid DEFAULT_FROM_EMAIL=build@build.invalid \
    DATABASE_URL=postgresql://gehoor_app@build.invalid/gehoor REDIS_URL=redis://build.invalid EMAIL_URL=smtp://build.invalid \
    python manage.py collectstatic --no-input
USER gehoor
EXPOSE 8000
CMD ["gunicorn", "-c", "config/gunicorn.py", "config.wsgi"]
