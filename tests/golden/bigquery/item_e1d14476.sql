-- table demo.app.item: id INT64, note STRING, price NUMERIC, score FLOAT64, at TIMESTAMP, doc JSON
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, note STRING, price NUMERIC, score FLOAT64, at TIMESTAMP, doc JSON
MERGE `demo.app.item` AS T
USING (SELECT * FROM `demo.app_staging.item__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `id`, `note`, `price`, CAST(`score` AS STRING), `at`, TO_JSON_STRING(`doc`)) = 1) AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`note` = S.`note`, T.`price` = S.`price`, T.`score` = S.`score`, T.`at` = S.`at`, T.`doc` = S.`doc`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `note`, `price`, `score`, `at`, `doc`) VALUES (S.`id`, S.`note`, S.`price`, S.`score`, S.`at`, S.`doc`)
