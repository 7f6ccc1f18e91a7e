-- Written by pidep (recipes/postgresql). It may be run again and again.
SET log_statement = none;
SET log_min_error_statement = panic;
SET password_encryption = 'scram-sha-256';
{{#postgresql_password}}
SELECT 'CREATE ROLE "{{key}}" LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{{key}}')
\gexec
ALTER ROLE "{{key}}" LOGIN PASSWORD $pidep${{value}}$pidep$;
{{/postgresql_password}}
{{#postgresql_owner}}
SELECT 'CREATE DATABASE "{{key}}" OWNER "{{value}}"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{{key}}')
\gexec
ALTER DATABASE "{{key}}" OWNER TO "{{value}}";
{{/postgresql_owner}}
