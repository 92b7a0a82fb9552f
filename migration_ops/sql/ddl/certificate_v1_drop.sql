DROP TABLE migration_certificate;
DROP FUNCTION qp_certificate_refuse_v1();
