DROP INDEX customers_new_words_idx;
DROP INDEX quotes_new_words_idx;
DROP FUNCTION crm_customer_words(uuid, text, text);
DROP FUNCTION crm_quote_words(uuid, text, text);
