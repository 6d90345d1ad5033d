-- table demo.app.doc: id INT64, note STRING, body STRING
-- table demo.app_staging.doc__RUN: _plimsoll_op STRING, id INT64, note STRING, body STRING
MERGE `demo.app.doc` AS T
USING `demo.app_staging.doc__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`note` = S.`note`, T.`body` = S.`body`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `note`, `body`) VALUES (S.`id`, S.`note`, S.`body`)
