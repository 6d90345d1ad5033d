-- table demo.app.item: id INT64, note STRING, price NUMERIC, score FLOAT64, at TIMESTAMP, doc JSON, is_deleted BOOL, deleted_at TIMESTAMP
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, note STRING, price NUMERIC, score FLOAT64, at TIMESTAMP, doc JSON
MERGE `demo.app.item` AS T
USING (SELECT * FROM `demo.app_staging.item__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `id`, `note`, `price`, CAST(`score` AS STRING), `at`, TO_JSON_STRING(`doc`)) = 1) AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
WHEN MATCHED THEN UPDATE SET T.`note` = S.`note`, T.`price` = S.`price`, T.`score` = S.`score`, T.`at` = S.`at`, T.`doc` = S.`doc`, T.`is_deleted` = FALSE, T.`deleted_at` = CAST(NULL AS TIMESTAMP)
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `note`, `price`, `score`, `at`, `doc`, `is_deleted`) VALUES (S.`id`, S.`note`, S.`price`, S.`score`, S.`at`, S.`doc`, FALSE)
