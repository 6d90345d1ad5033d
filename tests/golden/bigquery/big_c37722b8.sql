-- table demo.app.big: id INT64, v STRING, doc JSON
-- table demo.app_staging.big__RUN: _plimsoll_op STRING, id INT64, v STRING, doc JSON
MERGE `demo.app.big` AS T
USING `demo.app_staging.big__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND (T.`v` IS DISTINCT FROM S.`v` OR TO_JSON_STRING(T.`doc`) IS DISTINCT FROM TO_JSON_STRING(S.`doc`)) THEN UPDATE SET T.`v` = S.`v`, T.`doc` = S.`doc`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `doc`) VALUES (S.`id`, S.`v`, S.`doc`)
