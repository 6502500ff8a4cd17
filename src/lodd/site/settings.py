"""Django's settings, made from :mod:`lodd.site.config`. Nothing is set here that depends on the machine."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from lodd.site.config import read_config
from lodd.site.databases import database
from lodd.site.mail import mail_settings
from lodd.site.single_sign_on import PROVIDERS, social_providers

HERE = Path(__file__).parent
LODD = read_config()

SECRET_KEY = LODD.secret
DEBUG = False
ALLOWED_HOSTS = list(LODD.hosts)
ROOT_URLCONF = "lodd.site.urls"
WSGI_APPLICATION = "lodd.site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "lodd.User"

INSTALLED_APPS = [
    "lodd.site.apps.SiteApp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",  # the ready-made list of passkeys says how long ago in its words
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *PROVIDERS,
]

MIDDLEWARE = [
    "lodd.site.middleware.Headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lodd.site.middleware.RequestLog",
    "lodd.site.api.direct.Direct",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "lodd.site.middleware.Session",
    "lodd.site.middleware.Limits",
    "lodd.site.middleware.SaidErrors",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "lodd.site.context.every_page",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["lodd.site.templatetags.lodd"],
        },
    }
]

DATABASES = {"default": database(LODD)}
CACHES = {
    "default": {
        "BACKEND": "lodd.site.plain_cache.PlainCache",
        "LOCATION": "lodd_site_cache",
        "TIMEOUT": 300,
        "OPTIONS": {"MAX_ENTRIES": 20_000},  # at the default of 300 the brakes of one would push out another's
    }
}

LANGUAGE_CODE = "nb"
LANGUAGES = [("nb", "Bokmål"), ("en", "English")]
LOCALE_PATHS = [str(folder) for folder in sorted((HERE / "locale").iterdir()) if folder.is_dir()]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Oslo"

STATIC_URL = "/static/"
STATIC_ROOT = str(LODD.state / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False
WHITENOISE_AUTOREFRESH = False

# Sessions and cookies
SESSION_ENGINE = "lodd.site.sessions"
SESSION_COOKIE_AGE = LODD.session_minutes * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would lose the session on the way back from an agency's sign-in
SESSION_COOKIE_SECURE = LODD.production
SESSION_COOKIE_NAME = "__Host-lodd" if LODD.production else "lodd"
CSRF_COOKIE_SECURE = LODD.production
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_NAME = "__Host-lodd-csrf" if LODD.production else "lodd-csrf"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = LODD.production
LANGUAGE_COOKIE_HTTPONLY = True

# Transport and headers
SECURE_SSL_REDIRECT = LODD.production
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if LODD.production else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = LODD.production
SECURE_HSTS_PRELOAD = LODD.production
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if LODD.behind_proxy else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
X_FRAME_OPTIONS = "DENY"

# Accounts
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "public"
ACCOUNT_ADAPTER = "lodd.site.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation was answered from the address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_CHANGE_EMAIL = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if LODD.production else "http"
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "20/m/ip,5/300s/key"}  # an office is one address
ACCOUNT_FORMS = {
    "login": "lodd.site.forms.accounts.SignInForm",
    "reauthenticate": "lodd.site.forms.accounts.PasswordAgainForm",
    "change_password": "lodd.site.forms.accounts.ChangePasswordForm",
    "reset_password": "lodd.site.forms.accounts.ForgottenPasswordForm",
    "reset_password_from_key": "lodd.site.forms.accounts.NewPasswordForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if LODD.behind_proxy else 0
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=2).total_seconds())
SOCIALACCOUNT_ADAPTER = "lodd.site.adapters.SocialAccountAdapter"
SOCIALACCOUNT_PROVIDERS = social_providers(LODD)
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_AUTO_SIGNUP = False
MFA_ADAPTER = "lodd.site.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not LODD.production
MFA_TOTP_ISSUER = "Lodd"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are verified by the invitation
MFA_FORMS = {
    "activate_totp": "lodd.site.forms.accounts.ActivateCodesForm",
    "authenticate": "lodd.site.forms.accounts.CodeForm",
    "reauthenticate": "lodd.site.forms.accounts.CodeAgainForm",
    "add_webauthn": "lodd.site.forms.accounts.AddPasskeyForm",
    "edit_webauthn": "lodd.site.forms.accounts.NamePasskeyForm",
}

globals().update(mail_settings(LODD))

LOGGING_CONFIG = "lodd.site.logs.configure"
LOGGING: dict[str, Any] = {"quiet": LODD.demo}
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 0  # no page takes any, and they would be written to the disk before anybody is asked
CSRF_FAILURE_VIEW = "lodd.site.views.errors.csrf"
SILENCED_SYSTEM_CHECKS: list[str] = []
