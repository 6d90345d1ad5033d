-- table demo.app.doc: id INT64, a JSON, b JSON
-- table demo.app_staging.doc__RUN: _plimsoll_op STRING, id INT64, a JSON, b JSON
MERGE `demo.app.doc` AS T
USING (SELECT * FROM `demo.app_staging.doc__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `id`, TO_JSON_STRING(`a`), TO_JSON_STRING(`b`)) = 1) AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`a` = S.`a`, T.`b` = S.`b`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `a`, `b`) VALUES (S.`id`, S.`a`, S.`b`)
