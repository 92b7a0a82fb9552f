-- The company's own quotes that are most like a description, the likest first: id, number, job name, likeness.
-- The search is the index's; as many as `candidates` rows are looked at, so that a common word stays cheap.
-- params: company (uuid), company_word (the index's word for it, or none), words (text),
--   operator (& for all of the words, | for any), leave_out (uuid or NULL), candidates, most (rows)
-- index: quotes_new_words_idx
WITH asked AS (
    SELECT replace(plainto_tsquery('english', %(words)s)::text, '&', %(operator)s)::tsquery AS words),
found AS (
    SELECT q.id, q.quote_number, q.job_name, q.created_at, q.description
      FROM quotes_new q, asked
     WHERE asked.words <> ''::tsquery
       AND crm_quote_words(q.company_id, q.job_name, q.description) @@ (%(company_word)s::tsquery && asked.words)
       AND q.company_id = %(company)s AND q.id IS DISTINCT FROM %(leave_out)s::uuid
       AND EXISTS (SELECT FROM quote_items_new i WHERE i.quote_id = q.id)
     LIMIT %(candidates)s)
SELECT f.id, f.quote_number, f.job_name,
       round(ts_rank_cd(to_tsvector('english', coalesce(f.job_name, '') || ' ' || coalesce(f.description, '')),
                        asked.words, 1)::numeric, 4) AS likeness
  FROM found f, asked
 ORDER BY likeness DESC, f.created_at DESC, f.id
 LIMIT %(most)s
