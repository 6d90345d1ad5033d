-- table demo.app.doc: id STRING, what STRING
-- table demo.app_staging.doc__RUN: _plimsoll_op STRING, id STRING, what STRING
MERGE `demo.app.doc` AS T
USING (SELECT * FROM `demo.app_staging.doc__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `id`, `what`) = 1) AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`what` = S.`what`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `what`) VALUES (S.`id`, S.`what`)
